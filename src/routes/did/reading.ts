import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Config } from '../../config.js';
import { MistdError, pointerStep } from '../../errors.js';
import { type CandidateRules, type ReadPrompts, readPrompts } from '../../formats/candidates.js';
import { parseObject } from '../../formats/json.js';
import type { ReadPairs } from '../../formats/pair-reader.js';
import { type PairLimits, pairsFromJson, pairsFromNdjson } from '../../formats/pairs.js';
import { pairsFromCsv } from '../../formats/pairs-csv.js';
import { deadline } from '../../plugins/deadline.js';
import { compileCheck } from '../../validation.js';

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

/**
 * Makes a reader of requests about pairs: JSON with `pairs` among the options, or the pairs alone
 * as NDJSON or CSV with the options in the query string.
 */
export function pairsReader<T extends TSchema>(options: T, config: Config) {
  const checkOptions = compileCheck(options);
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Read<ReadPairs, Static<T>>> => {
    const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
    const start = performance.now();
    if (Buffer.isBuffer(request.body)) {
      const { pairs, ...fields } = jsonBody(request);
      const checked = checkOptions(fields);
      const data = pairsFromJson(pairs, config.MAX_PAIRS);
      return { data, options: checked, parseMs: performance.now() - start, signal };
    }
    const data = await streamedPairs(request, config, signal);
    const checked = request.query as Static<T>;
    return { data, options: checked, parseMs: performance.now() - start, signal };
  };
}

/** Pairs of an NDJSON or CSV body, as they arrive. */
export function streamedPairs(
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
  return read(chunks(request, signal), limits);
}

/** A reply of /did but for its end. */
export type Answer<Reply> = Omit<Reply, 'timing' | 'id'>;

/**
 * Adds a route about the completions of prompts: JSON with `prompts` or `rows` among the options.
 *
 * @param rules of the candidates, by the options.
 * @param answer the reply but for its end.
 */
export function promptsRoute<T extends TSchema>(
  app: FastifyInstance,
  config: Config,
  path: string,
  route: {
    schema: FastifySchema;
    options: T;
    rules: (options: Static<T>) => Omit<CandidateRules, 'maxCandidates'>;
    answer: (read: ReadPrompts, options: Static<T>) => object;
  },
): void {
  const checkOptions = compileCheck(route.options);
  app.post(path, { schema: route.schema }, (request, reply) => {
    const arrived = performance.now();
    const { prompts, rows, ...fields } = jsonBody(request);
    const options = checkOptions(fields);
    const rules = { ...route.rules(options), maxCandidates: config.MAX_PAIRS };
    const read = readPrompts({ prompts, rows }, rules);
    const start = performance.now();
    return {
      ...route.answer(read, options),
      ...endOfReply(request, reply, { parseMs: start - arrived, options }, start),
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

/** The fields of a JSON body, which then holds the options too. */
export function jsonBody(request: FastifyRequest): Record<string, unknown> {
  const [name] = new URL(request.url, 'http://localhost').searchParams.keys();
  if (name !== undefined) {
    throw new MistdError(
      'unknown_field',
      `${name} is in the query string; with a JSON body, options go into the body.`,
      { pointer: pointerStep(name) },
    );
  }
  if (Buffer.isBuffer(request.body)) return parseObject(request.body);
  throw new MistdError('unsupported_media_type', 'The request has no body and no content type.');
}

function mediaType(request: FastifyRequest): string | undefined {
  return request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

/**
 * The bytes as they arrive. A reader that stops early leaves the connection open, for the error
 * that it stopped for to be answered.
 */
async function* chunks(request: FastifyRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const stream = request.body as Readable | undefined;
  if (stream === undefined) {
    throw new MistdError('unsupported_media_type', 'The request has no body and no content type.');
  }
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      signal.throwIfAborted();
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof MistdError) throw cause;
    throw new MistdError('client_gone', 'The body broke off.', { cause });
  } finally {
    // What nobody reads any more is let through: a client that still sends would wait for ever.
    stream.resume();
  }
}
