import { lowerBound } from '../maths/search.js';

/** Minimum number of draws in the fitted tail. */
const LEAST_TAIL = 10;
/** Share of all draws in the fitted tail. */
const TAIL_SHARE = 1 / 20;

/**
 * The distribution of a statistic under independence, given by draws.
 *
 * Many simultaneous tests need p-values smaller than 1 / (draws + 1). Small p-values are therefore
 * extrapolated from the tail of the largest t draws, whose excesses over the next draw, u, are
 * modeled as exponential. If they are exponential, then for a statistic s from the same
 * distribution
 *
 *     p = (t + 1) / (draws + 1) · (1 + (s − u) / sum of the t excesses)^(−t)
 *
 * is exactly uniform below its first factor; the power accounts for fitting the tail to only t
 * draws. (The tail for independent columns is exponential because 2 · rows · estimate behaves like
 * a likelihood-ratio statistic, which follows χ².) Outside the tail, p is the share of draws, with
 * the statistic itself counted, that are at least s. This is exactly valid for any statistic.
 */
export class NullDistribution {
  readonly #sorted: Float64Array;

  /** @param draws at least one. */
  constructor(draws: ArrayLike<number>) {
    this.#sorted = Float64Array.from(draws).sort();
  }

  /** The p-value, in (0, 1], of a statistic that is large if x and y are dependent. */
  pValue(statistic: number): number {
    const draws = this.#sorted.length;
    const tail = Math.max(LEAST_TAIL, Math.floor(draws * TAIL_SHARE));
    const threshold = this.#sorted[draws - 1 - tail];
    if (threshold === undefined || statistic <= threshold) {
      return (1 + draws - lowerBound(this.#sorted, statistic)) / (draws + 1);
    }
    const share = (tail + 1) / (draws + 1);
    const excesses = this.#sorted.subarray(draws - tail);
    const sum = excesses.reduce((total, draw) => total + draw - threshold, 0);
    // All draws in the tail equal the threshold, so there is no tail to fit.
    if (sum === 0) return 1 / (draws + 1);
    return share * (1 + (statistic - threshold) / sum) ** -tail;
  }
}
