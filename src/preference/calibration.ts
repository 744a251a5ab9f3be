import { sigmoid } from '../maths/log-space.js';
import { orderStatistics } from '../maths/order-statistics.js';
import { upperBound } from '../maths/search.js';

/** Pairs whose predicted probability of the favored side lies in one range. */
export interface CalibrationBin {
  readonly lower: number;
  readonly upper: number;
  readonly pairs: number;
  /** Mean of σ(β|δ|): how often the side that β δ favors should be chosen. */
  readonly predicted: number;
  /** How often that side was chosen; ties count half. */
  readonly observed: number;
  readonly standard_error: number;
}

export interface Calibration {
  readonly bins: CalibrationBin[];
  /** Mean of |observed − predicted| over the bins, weighted by their pairs. */
  readonly expected_error: number;
}

/**
 * Compares σ(βδ) with the choices. A pair and its mirror image are equivalent, so each pair counts
 * from the side that βδ favors, and predictions run from ½ to 1.
 *
 * @param margins δ of each pair.
 * @param bins largest number of bins, each with about the same number of pairs; pairs with equal
 * predictions stay together.
 */
export function calibrate(margins: Float64Array, beta: number, bins: number): Calibration {
  const sizes = new Float64Array(margins.length);
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.abs(margins[i] as number);
  const places = Array.from({ length: bins - 1 }, (_, b) =>
    Math.floor(((b + 1) * sizes.length) / bins),
  );
  const edges = orderStatistics(sizes, places);
  const pairs = new Float64Array(bins);
  const predicted = new Float64Array(bins);
  const observed = new Float64Array(bins);
  const lower = new Float64Array(bins).fill(1);
  const upper = new Float64Array(bins).fill(0);
  const favored = Math.sign(beta);
  for (let i = 0; i < sizes.length; i++) {
    const margin = margins[i] as number;
    const size = sizes[i] as number;
    const bin = upperBound(edges, size);
    const p = sigmoid(Math.abs(beta) * size);
    pairs[bin] = (pairs[bin] as number) + 1;
    predicted[bin] = (predicted[bin] as number) + p;
    observed[bin] = (observed[bin] as number) + (1 + favored * Math.sign(margin)) / 2;
    lower[bin] = Math.min(lower[bin] as number, p);
    upper[bin] = Math.max(upper[bin] as number, p);
  }
  const table: CalibrationBin[] = [];
  let error = 0;
  for (let b = 0; b < bins; b++) {
    const n = pairs[b] as number;
    if (n === 0) continue;
    const share = (observed[b] as number) / n;
    const mean = (predicted[b] as number) / n;
    error += Math.abs((observed[b] as number) - (predicted[b] as number));
    table.push({
      lower: lower[b] as number,
      upper: upper[b] as number,
      pairs: n,
      predicted: mean,
      observed: share,
      standard_error: Math.sqrt((share * (1 - share)) / n),
    });
  }
  return { bins: table, expected_error: error / margins.length };
}
