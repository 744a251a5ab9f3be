import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MistdError } from '../../../errors.js';
import { FORMATS } from '../../../formats/registry.js';
import { acceptStreams, streamOf } from '../../../http/body.js';
import { addPost } from '../../../http/open-request.js';
import { problemOf } from '../../../http/problems.js';
import type { Service } from '../../../http/service.js';
import { type BatchQuery, batchRoute, NDJSON } from './schema.js';
import { type AnsweredLine, answerLines } from './stream.js';

/** @param scope must contain only this route, because other routes do not accept streams. */
export function batchRoutes(scope: FastifyInstance, service: Service): void {
  scope.removeAllContentTypeParsers();
  acceptStreams(scope, FORMATS.ndjson.mediaTypes);
  const route = { url: '/estimate/batch', schema: batchRoute };
  addPost(scope, service, route, async ({ request, stamp, signal }, reply) => {
    const body = streamOf(request);
    if (body === undefined) {
      throw new MistdError('unsupported_media_type', 'The request has no body.');
    }
    const answers = answerLines(body, { service, stamp, signal });
    const { order } = request.query as BatchQuery;
    const ordered = order === 'input' ? inOrder(answers) : answers;
    // After the deadline, unread lines may remain; the connection must not wait for them.
    reply.raw.once('finish', () => {
      if (!request.raw.complete) request.raw.socket.destroySoon();
    });
    reply.type(NDJSON);
    return reply.send(toStream(ordered, request));
  });
}

/** Holds each answer back until all earlier lines have been answered. */
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
 * Writes a line for each answer. Lines are written whether or not the client reads them, so that a
 * client that sends everything before it reads does not block itself.
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
