import { MistdError } from '../errors.js';

/** The bytes of a request's body. */
export function bodyOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new MistdError('unsupported_media_type', 'The request has no body and no content type.');
}
