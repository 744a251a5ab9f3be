import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import type { Engine } from '../../../inference/engine.js';
import { deadline } from '../../../http/deadline.js';
import { problemOf } from '../../../http/problems.js';
import { dataLimits } from '../../../http/samples-reply.js';
import { BATCH_TYPES, type BatchQuery, batchRoute } from './schema.js';
import { type AnsweredLine, answerLines } from './stream.js';

export function batchRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  const limits = dataLimits(config);

  // Its own scope: the other routes take no streams.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(BATCH_TYPES, (_request, payload, done) => done(null, payload));

    scope.post<{ Querystring: BatchQuery }>(
      '/estimate/batch',
      { schema: batchRoute },
      async (request, reply) => {
        if (!(request.body instanceof Readable)) {
          throw new MistdError('unsupported_media_type', 'The request has no body.');
        }
        const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
        const answers = answerLines(request.body, {
          engine,
          limits,
          maxLineBytes: config.MAX_BODY_BYTES,
          signal,
          elapsedMs: () => reply.elapsedTime,
          requestId: request.id,
        });
        const ordered = request.query.order === 'input' ? inOrder(answers) : answers;
        // After the deadline there may be lines that nobody reads: the connection must not wait.
        reply.raw.once('finish', () => {
          if (!request.raw.complete) request.raw.socket.destroySoon();
        });
        reply.type('application/x-ndjson');
        return reply.send(toStream(ordered, request));
      },
    );
  });
}

/** Holds answers back until those of all earlier lines have been given. */
async function* inOrder(answers: AsyncIterable<AnsweredLine>): AsyncGenerator<AnsweredLine> {
  const waiting = new Map<number, AnsweredLine>();
  let next = 0;
  for await (const answered of answers) {
    waiting.set(answered.index, answered);
    for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(++next)) {
      waiting.delete(next);
      yield ready;
    }
  }
}

/**
 * A line for each answer. Made whether or not the client reads yet: one that reads only after it
 * has sent everything must not wait for itself.
 */
function toStream(answers: AsyncIterable<AnsweredLine>, request: FastifyRequest): Readable {
  const out = new Readable({ read() {} });
  const write = async () => {
    for await (const { index, answer } of answers) {
      const content = answer instanceof Error ? problemOf(answer, request) : answer;
      out.push(`${JSON.stringify({ index, ...content })}\n`);
    }
    out.push(null);
  };
  write().catch((error: Error) => out.destroy(error));
  return out;
}
