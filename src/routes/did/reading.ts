import { Readable } from 'node:stream';
import { setImmediate as breathe } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Config } from '../../config.js';
import { MistdError, pointerStep } from '../../errors.js';
import type { CandidateRules, ReadPrompts } from '../../formats/candidates.js';
import type { BodyRules, DidBody } from '../../formats/did-body.js';
import type { ReadPairs } from '../../formats/pair-reader.js';
import { type PairLimits, pairsFromNdjson } from '../../formats/pairs.js';
import { pairsFromCsv } from '../../formats/pairs-csv.js';
import { deadline } from '../../plugins/deadline.js';
import type { Threads } from '../../threads/threads.js';
import { compileCheck } from '../../validation.js';
import { bodyOf } from '../body.js';

export const NDJSON = 'application/x-ndjson';
export const CSV = 'text/csv';

/** Lets the routes of an app take rows as a stream, which nothing ever holds whole. */
export function addRowStreams(app: FastifyInstance): void {
  for (const type of [NDJSON, CSV]) {
    if (app.hasContentTypeParser(type)) app.removeContentTypeParser(type);
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
}

/** A request as its handler wants it: what it is about, its options, and when it began. */
export interface Read<Data, Options> {
  readonly data: Data;
  readonly options: Options;
  readonly parseMs: number;
  /** Aborts when the client has gone or the deadline has passed. */
  readonly signal: AbortSignal;
}

type Reader<Data, T extends TSchema> = (
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<Read<Data, Static<T>>>;

/**
 * Makes a reader of requests: JSON with pairs or candidates among the options, or the pairs alone
 * as NDJSON or CSV with the options in the query string.
 */
export function bodyReader<T extends TSchema>(
  options: T,
  takes: Omit<BodyRules, 'most'>,
  threads: Threads,
  config: Config,
): Reader<Omit<DidBody, 'fields'>, T> {
  const checkOptions = compileCheck(options);
  const rules = { ...takes, most: config.MAX_PAIRS };
  return async (request, reply) => {
    const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
    const start = performance.now();
    if (request.body instanceof Readable) {
      const read = await streamedPairs(request, config, signal);
      const parseMs = performance.now() - start;
      const data = { read, candidates: undefined };
      return { data, options: request.query as Static<T>, parseMs, signal };
    }
    const { fields, ...data } = await threads.readDid({ bytes: jsonBody(request), rules }, signal);
    return { data, options: checkOptions(fields), parseMs: performance.now() - start, signal };
  };
}

/** A reader of requests about pairs alone. */
export function pairsReader<T extends TSchema>(
  options: T,
  threads: Threads,
  config: Config,
): Reader<ReadPairs, T> {
  const takes = { takesPairs: true, candidates: undefined };
  const readBody = bodyReader(options, takes, threads, config);
  return async (request, reply) => {
    const { data, ...rest } = await readBody(request, reply);
    return { data: data.read as ReadPairs, ...rest };
  };
}

/** Pairs of an NDJSON or CSV body, as they arrive. */
function streamedPairs(
  request: FastifyRequest,
  config: Config,
  signal: AbortSignal,
): Promise<ReadPairs> {
  const limits: PairLimits = {
    maxPairs: config.MAX_PAIRS,
    maxBytes: config.MAX_STREAM_BYTES,
    maxLineBytes: config.MAX_BODY_BYTES,
  };
  const read = mediaType(request) === CSV ? pairsFromCsv : pairsFromNdjson;
  return read(chunks(request.body as Readable, signal), limits);
}

/** A reply of /did but for its end. */
export type Answer<Reply> = Omit<Reply, 'timing' | 'id'>;

/**
 * Adds a route about the completions of prompts: JSON with `prompts` or `rows` among the options.
 *
 * @param answer the reply but for its end.
 */
export function promptsRoute<T extends TSchema>(
  app: FastifyInstance,
  threads: Threads,
  config: Config,
  path: string,
  route: {
    schema: FastifySchema;
    options: T;
    rules: CandidateRules;
    answer: (read: ReadPrompts, options: Static<T>) => object;
  },
): void {
  const takes = { takesPairs: false, candidates: route.rules };
  const readBody = bodyReader(route.options, takes, threads, config);
  app.post(path, { schema: route.schema }, async (request, reply) => {
    const asked = await readBody(request, reply);
    const start = performance.now();
    return {
      ...route.answer(asked.data.candidates as ReadPrompts, asked.options),
      ...endOfReply(request, reply, asked, start),
    };
  });
}

/** How a reply of /did ends. */
export function endOfReply(
  request: FastifyRequest,
  reply: FastifyReply,
  read: { parseMs: number; options: unknown },
  start: number,
) {
  return {
    timing: {
      parse_ms: read.parseMs,
      compute_ms: performance.now() - start,
      total_ms: reply.elapsedTime,
    },
    id: (read.options as { id?: string }).id ?? request.id,
  };
}

/** A JSON body, which holds the options too. */
function jsonBody(request: FastifyRequest): Buffer {
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
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      signal.throwIfAborted();
      yield chunk;
      // However fast the bytes come, other requests get their turn after each chunk.
      await breathe();
    }
  } catch (cause) {
    if (cause instanceof MistdError) throw cause;
    throw new MistdError('client_gone', 'The body broke off.', { cause });
  } finally {
    // What nobody reads any more is let through: a client that still sends would wait for ever.
    stream.resume();
  }
}
