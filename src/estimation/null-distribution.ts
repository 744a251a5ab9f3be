import { lowerBound } from '../maths/search.js';

/** Draws beyond the threshold of the fitted tail: a twentieth of all, and at least so many. */
const LEAST_TAIL = 10;
const TAIL_SHARE = 1 / 20;

/**
 * What a statistic is like where there is nothing to find: draws of it under independence.
 *
 * p-values below the share of draws in the tail are extrapolated, as many tests at once need
 * smaller ones than (1 draw / all draws): the largest t draws exceed the next one, u, by amounts
 * taken to be exponential. If they are, then for a statistic s from the same distribution
 *
 *     p = (t + 1) / (draws + 1) · (1 + (s − u) / sum of the t excesses)^(−t)
 *
 * is exactly uniform below its first factor: the power allows for the tail being fitted to t
 * draws only. (The tail of the estimate of independent columns is exponential as that of χ² is:
 * twice the rows times the estimate tends to one for a likelihood.) Otherwise p is the share of
 * draws, the statistic itself counted in, that are at least s: exactly valid for any statistic.
 */
export class NullDistribution {
  readonly #sorted: Float64Array;

  /** @param draws at least one. */
  constructor(draws: ArrayLike<number>) {
    this.#sorted = Float64Array.from(draws).sort();
  }

  /** p-value of a statistic of which large values speak against independence; in (0, 1]. */
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
    // All of the tail equal to the threshold: there is nothing to fit.
    if (sum === 0) return 1 / (draws + 1);
    return share * (1 + (statistic - threshold) / sum) ** -tail;
  }
}
