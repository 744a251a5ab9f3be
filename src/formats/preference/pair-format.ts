import type { TSchema } from 'typebox';
import type { StreamLimits } from '../text/line-stream.js';
import type { ReadPairs } from './pair-reader.js';

export interface PairLimits extends StreamLimits {
  readonly maxPairs: number;
}

/** A format that holds preference pairs, read as they arrive and never held whole. */
export interface PairFormat {
  /** @throws MistdError with the line and the pointer of what is wrong. */
  readonly read: (stream: AsyncIterable<Uint8Array>, limits: PairLimits) => Promise<ReadPairs>;
  /** What the body holds, for OpenAPI, with these pairs as the example. */
  readonly describe: (pairs: readonly Record<string, unknown>[]) => TSchema;
}
