import { takeRows } from '../maths/matrix.js';
import { quantileOfSorted } from '../maths/quantile.js';
import { type Random, random, randomSubset, range } from '../maths/random.js';
import type { Samples } from '../samples/samples.js';

export interface BootstrapOptions {
  readonly resamples: number;
  /** Probability of the interval, in (0, 1). */
  readonly level: number;
  readonly seed: number;
}

/** How rows are resampled. */
export type Resampling = 'bootstrap' | 'half_samples';

/**
 * The percentile interval of an estimator.
 *
 * - bootstrap (Efron 1979): the same number of rows, drawn with replacement.
 * - half_samples: half of the rows, drawn without replacement. Bootstrap samples repeat rows, which
 *   nearest-neighbor estimators see as neighbors at distance 0, so their estimates are far off.
 *   Estimates from halves vary around the full estimate as much as that varies around the truth
 *   (the variance 1/m − 1/n at m = n/2 is 1/n). Their median is shifted to the full estimate,
 *   because fewer rows give more bias.
 *
 * @param estimate the estimator, in nats; resamples for which it returns undefined are left out.
 * @param whole the estimate from all rows, in nats.
 * @returns the interval in nats; undefined if fewer than half of the resamples have an estimate.
 */
export function percentileInterval(
  samples: Samples,
  estimate: (samples: Samples) => number | undefined,
  whole: number,
  resampling: Resampling,
  { resamples, level, seed }: BootstrapOptions,
): { lower: number; upper: number } | undefined {
  const stream = random(seed);
  const { rows } = samples.x;
  const draw = resampling === 'bootstrap' ? withReplacement : half;
  const values: number[] = [];
  for (let b = 0; b < resamples; b++) {
    const value = estimate(takeBoth(samples, draw(rows, stream)));
    if (value !== undefined) values.push(value);
  }
  if (values.length < resamples / 2) return undefined;
  values.sort((a, b) => a - b);
  const shift = resampling === 'bootstrap' ? 0 : whole - quantileOfSorted(values, 0.5);
  return {
    lower: quantileOfSorted(values, (1 - level) / 2) + shift,
    upper: quantileOfSorted(values, (1 + level) / 2) + shift,
  };
}

/** Selects the same rows from both sides. */
export function takeBoth({ x, y }: Samples, rows: Int32Array): Samples {
  return { x: takeRows(x, rows), y: takeRows(y, rows) };
}

/** A random subset of the rows, ascending; all rows if there are at most `size`. */
export function randomRows(rows: number, size: number, seed: number): Int32Array {
  if (rows <= size) return range(rows);
  return randomSubset(rows, size, random(seed)).sort();
}

function withReplacement(rows: number, { below }: Random): Int32Array {
  return Int32Array.from({ length: rows }, () => below(rows));
}

function half(rows: number, stream: Random): Int32Array {
  return randomSubset(rows, Math.floor(rows / 2), stream);
}
