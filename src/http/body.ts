import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MistdError, pointerStep } from '../errors.js';
import { type FormatName, formatOfMediaType } from '../formats/registry.js';

/** Rows of a stream are read for this long before other requests get their turn. */
const TURN_MS = 8;

/** Lets the routes of a scope take these media types; the body reaches them as bytes. */
export function acceptBytes(scope: FastifyInstance, mediaTypes: readonly string[]): void {
  for (const type of mediaTypes) {
    if (scope.hasContentTypeParser(type)) scope.removeContentTypeParser(type);
    scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
  }
}

/** Lets the routes of a scope take these media types; the body reaches them as a stream. */
export function acceptStreams(scope: FastifyInstance, mediaTypes: readonly string[]): void {
  for (const type of mediaTypes) {
    if (scope.hasContentTypeParser(type)) scope.removeContentTypeParser(type);
    scope.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
}

/** The bytes of a body. */
export function bytesOf({ body }: FastifyRequest): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new MistdError('unsupported_media_type', 'The request has no body and no content type.');
}

/** The bytes of a JSON body, which holds the options too: the query string must be empty. */
export function jsonBytesOf(request: FastifyRequest): Buffer {
  const [name] = new URL(request.url, 'http://localhost').searchParams.keys();
  if (name !== undefined) {
    throw new MistdError(
      'unknown_field',
      `${name} is in the query string; with a JSON body, options go into the body.`,
      { pointer: pointerStep(name) },
    );
  }
  return bytesOf(request);
}

/** The format that the content-type header names. */
export function formatOf({ headers }: FastifyRequest): FormatName {
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice(8);
  if (charset !== undefined && !/^"?(utf-?8|us-ascii)"?$/.test(charset)) {
    throw new MistdError('unsupported_media_type', `The charset is ${charset}, not UTF-8.`);
  }
  const format = formatOfMediaType(mediaType);
  if (format === undefined) {
    throw new MistdError('unsupported_media_type', `The content type is ${mediaType}.`);
  }
  return format;
}

/**
 * The chunks of a streamed body as they arrive. A reader that stops early leaves the connection
 * open, so that the error it stopped for can be answered.
 */
export async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let rested = performance.now();
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      signal.throwIfAborted();
      yield chunk;
      if (performance.now() - rested > TURN_MS) {
        await nextTurn();
        rested = performance.now();
      }
    }
  } catch (cause) {
    if (cause instanceof MistdError) throw cause;
    throw new MistdError('client_gone', 'The body broke off.', { cause });
  } finally {
    // The rest is read and dropped: a client that is still sending would wait for ever.
    stream.resume();
  }
}

/** A streamed body; undefined if it was read as a whole. */
export function streamOf({ body }: FastifyRequest): Readable | undefined {
  return body instanceof Readable ? body : undefined;
}
