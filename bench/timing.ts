import type { Shape } from './shapes.js';
import { percentiles } from './stats.js';

/** What a measuring process is asked to do. */
export interface Load {
  readonly shape: Shape;
  readonly concurrency: number;
  readonly seconds: number;
}

export interface Timing {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly per_second: number;
  readonly runs: number;
}

/** What a measuring process answers: the time of every run in milliseconds, and their summary. */
export interface Measured extends Timing {
  readonly times: readonly number[];
}

/** @param seconds that all runs took together. */
export function timing(times: readonly number[], seconds: number): Timing {
  const [p50_ms = Number.NaN, p99_ms = Number.NaN] = percentiles(times, [0.5, 0.99]);
  return { p50_ms, p99_ms, per_second: times.length / seconds, runs: times.length };
}
