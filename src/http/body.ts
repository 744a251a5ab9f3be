import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MistdError, pointerStep } from '../errors.js';
import { type FormatName, formatOfMediaType } from '../formats/registry.js';

/** How long a stream is read before other requests get a turn, in milliseconds. */
const TURN_MS = 8;

/** Lets the routes of a scope accept these media types; handlers get the body as bytes. */
export function acceptBytes(scope: FastifyInstance, mediaTypes: readonly string[]): void {
  for (const type of mediaTypes) {
    if (scope.hasContentTypeParser(type)) scope.removeContentTypeParser(type);
    scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
  }
}

/** Lets the routes of a scope accept these media types; handlers get the body as a stream. */
export function acceptStreams(scope: FastifyInstance, mediaTypes: readonly string[]): void {
  for (const type of mediaTypes) {
    if (scope.hasContentTypeParser(type)) scope.removeContentTypeParser(type);
    scope.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
}

/** Returns the bytes of a body. */
export function bytesOf(request: FastifyRequest): Buffer {
  const { body } = request;
  if (Buffer.isBuffer(body)) {
    formatOf(request);
    return body;
  }
  throw new MistdError('unsupported_media_type', 'The request has no body and no content type.');
}

/** Returns the bytes of a JSON body. The body holds the options, so the query must be empty. */
export function jsonBytesOf(request: FastifyRequest): Buffer {
  const [name] = new URL(request.url, 'http://localhost').searchParams.keys();
  if (name !== undefined) {
    throw new MistdError(
      'unknown_field',
      `${name} is a query parameter; the options of a JSON request are fields of its body.`,
      { pointer: pointerStep(name) },
    );
  }
  return bytesOf(request);
}

/**
 * Returns the format that the content-type header names.
 *
 * @throws MistdError unsupported_media_type, also for a charset other than UTF-8.
 */
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
    const given = mediaType === '' ? 'missing' : `${mediaType}, which is not supported`;
    throw new MistdError('unsupported_media_type', `The content type is ${given}.`);
  }
  return format;
}

/**
 * Yields the chunks of a streamed body as they arrive. When a reader stops early because of an
 * error, the connection stays open, so that the error can be sent.
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
    throw new MistdError('client_gone', 'The upload was interrupted.', { cause });
  } finally {
    // The rest is read and dropped; a client that is still sending would wait forever otherwise.
    stream.resume();
  }
}

/** Returns a streamed body, or undefined if the body was read as a whole. */
export function streamOf(request: FastifyRequest): Readable | undefined {
  const { body } = request;
  if (!(body instanceof Readable)) return undefined;
  formatOf(request);
  return body;
}
