import type { TSchema } from 'typebox';
import type { StreamLimits } from '../text/line-stream.js';
import type { ReadPairs } from './pair-reader.js';

export interface PairLimits extends StreamLimits {
  readonly maxPairs: number;
}

/** A format for preference pairs, which are read as they arrive, so that no body is held whole. */
export interface PairFormat {
  /** @throws MistdError with the line and the pointer of the fault. */
  readonly read: (stream: AsyncIterable<Uint8Array>, limits: PairLimits) => Promise<ReadPairs>;
  /** Describes the body for OpenAPI, with these pairs as the example. */
  readonly describe: (pairs: readonly Record<string, unknown>[]) => TSchema;
}
