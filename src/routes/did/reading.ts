import { Readable } from 'node:stream';
import { setImmediate as breathe } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Config } from '../../config.js';
import { MistdError, pointerStep } from '../../errors.js';
import type { ReadPairs } from '../../formats/preference/pair-reader.js';
import { type PairLimits, pairsFromNdjson } from '../../formats/preference/pairs.js';
import { pairsFromCsv } from '../../formats/preference/pairs-csv.js';
import { deadline } from '../../http/deadline.js';
import type { Threads } from '../../threads/threads.js';
import { bodyOf } from '../../http/body.js';
import type { AnswerName } from './answers.js';

export const NDJSON = 'application/x-ndjson';
export const CSV = 'text/csv';

/** Other requests wait for the rows of a stream no longer than this, and the last chunk's. */
const TURN_MS = 8;

/** Lets the routes of an app take rows as a stream, which nothing ever holds whole. */
export function addRowStreams(app: FastifyInstance): void {
  for (const type of [NDJSON, CSV]) {
    if (app.hasContentTypeParser(type)) app.removeContentTypeParser(type);
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
}

/**
 * Adds a route that needs no model: JSON with pairs or candidates among the options, or pairs
 * alone as NDJSON or CSV with the options in the query string.
 *
 * @param name of the answer, and the last part of the route's path.
 */
export function addAnswer(
  app: FastifyInstance,
  name: AnswerName,
  schema: FastifySchema,
  { threads, config }: { threads: Threads; config: Config },
): void {
  const limits = { maxPairs: config.MAX_PAIRS, maxRows: config.MAX_ROWS };
  app.post(`/did/${name}`, { schema }, async (request, reply) => {
    const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
    const begun = performance.now();
    const rows = await rowsOf(request, config, signal);
    const streamMs = performance.now() - begun;
    const input = rows ? { read: rows, options: request.query } : { bytes: jsonBody(request) };
    const { start, id, parseMs, computeMs } = await threads.answer(name, input, limits, signal);
    const parts = { parseMs: rows ? streamMs : parseMs, computeMs };
    const end = JSON.stringify(endOfReply(request, reply, parts, id));
    // Not joined: the start may be a hundred megabytes.
    return reply
      .type('application/json; charset=utf-8')
      .send(Readable.from([start, `,${end.slice(1)}`], { objectMode: false }));
  });
}

/** Pairs of an NDJSON or CSV body; undefined if the body is of another type. */
export async function rowsOf(
  request: FastifyRequest,
  config: Config,
  signal: AbortSignal,
): Promise<ReadPairs | undefined> {
  const { body } = request;
  if (!(body instanceof Readable)) return undefined;
  const limits: PairLimits = {
    maxPairs: config.MAX_PAIRS,
    maxBytes: config.MAX_STREAM_BYTES,
    maxLineBytes: config.MAX_BODY_BYTES,
  };
  const read = mediaType(request) === CSV ? pairsFromCsv : pairsFromNdjson;
  return read(chunks(body, signal), limits);
}

/** How a reply of /did ends. */
export function endOfReply(
  request: FastifyRequest,
  reply: FastifyReply,
  { parseMs, computeMs }: { parseMs: number; computeMs: number },
  id: string | undefined,
) {
  return {
    timing: { parse_ms: parseMs, compute_ms: computeMs, total_ms: reply.elapsedTime },
    id: id ?? request.id,
  };
}

/** A JSON body, which holds the options too. */
export function jsonBody(request: FastifyRequest): Buffer {
  const [name] = new URL(request.url, 'http://localhost').searchParams.keys();
  if (name !== undefined) {
    throw new MistdError(
      'unknown_field',
      `${name} is in the query string; with a JSON body, options go into the body.`,
      { pointer: pointerStep(name) },
    );
  }
  return bodyOf(request.body);
}

function mediaType(request: FastifyRequest): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

/**
 * The bytes as they arrive. A reader that stops early leaves the connection open, for the error
 * that it stopped for to be answered.
 */
async function* chunks(stream: Readable, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let rested = performance.now();
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      signal.throwIfAborted();
      yield chunk;
      // However fast the bytes come, other requests get their turn.
      if (performance.now() - rested > TURN_MS) {
        await breathe();
        rested = performance.now();
      }
    }
  } catch (cause) {
    if (cause instanceof MistdError) throw cause;
    throw new MistdError('client_gone', 'The body broke off.', { cause });
  } finally {
    // What nobody reads any more is let through: a client that still sends would wait for ever.
    stream.resume();
  }
}
