import type { FastifyInstance } from 'fastify';
import type { ReadPairs } from '../../formats/preference/pair-reader.js';
import { FORMATS, type Format, pairFormats } from '../../formats/registry.js';
import { acceptStreams, chunksOf, formatOf, streamOf } from '../../http/body.js';
import type { OpenRequest } from '../../http/open-request.js';
import type { Service } from '../../http/service.js';

/** Lets the routes of a scope accept rows of pairs, as a stream that is never held as a whole. */
export function acceptPairStreams(scope: FastifyInstance): void {
  acceptStreams(
    scope,
    pairFormats().flatMap(({ mediaTypes }) => mediaTypes),
  );
}

/** Reads the pairs of a body of rows; undefined if the body is JSON. */
export async function streamedPairs(
  { request, signal }: OpenRequest,
  { config }: Service,
): Promise<ReadPairs | undefined> {
  const stream = streamOf(request);
  const format: Format = FORMATS[formatOf(request)];
  if (stream === undefined || format.pairs === undefined) return undefined;
  return format.pairs.read(chunksOf(stream, signal), {
    maxPairs: config.MAX_PAIRS,
    maxBytes: config.MAX_STREAM_BYTES,
    maxLineBytes: config.MAX_BODY_BYTES,
  });
}
