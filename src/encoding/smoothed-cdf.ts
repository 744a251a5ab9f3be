/**
 * The derivative of normal scores with respect to the samples.
 *
 * Ranks are piecewise constant, so their own derivative is 0 wherever it exists. In its place
 * stands that of the empirical distribution function smoothed by a Gaussian kernel,
 * F(t) = mean over rows j of Φ((t − xⱼ) / h), at the scores themselves: dzᵢ = dF(xᵢ) / φ(zᵢ).
 */
import { normalDensity } from '../maths/normal.js';
import { quantileOfSorted } from '../maths/quantile.js';
import type { Scores } from './encode.js';

/** Shape [rows, columns], column by column, as the samples that it belongs to. */
export type Gradient = Float64Array<ArrayBuffer>;

/**
 * Carries the derivative with respect to one column's scores over to its samples.
 *
 * With aᵢ = gᵢ / φ(zᵢ) and Kᵢₖ = φ((xᵢ − xₖ) / h) / (n h), the derivative with respect to xₖ is
 * Σᵢ Kᵢₖ (aₖ − aᵢ): moving a value moves its own rank, and every other rank against it. So the
 * derivatives of a column sum to 0, for shifting it changes no rank.
 *
 * @param samples of one column, shape [rows].
 * @param scores its normal scores.
 * @param gradient with respect to the scores.
 * @returns derivative with respect to the samples, per unit of the column; 0 for a constant one.
 */
export function throughSmoothedCdf(
  samples: Float64Array,
  scores: ArrayLike<number>,
  gradient: ArrayLike<number>,
): Float64Array {
  const rows = samples.length;
  const out = new Float64Array(rows);
  // In units of the bandwidth, whose size may be any that a double has.
  const bandwidth = silvermanBandwidth(samples);
  if (bandwidth === 0) return out;
  const scaled = samples.map((value) => value / bandwidth);
  const weights = Float64Array.from(scores, (z, i) => (gradient[i] as number) / normalDensity(z));
  for (let i = 0; i < rows; i++) {
    for (let k = i + 1; k < rows; k++) {
      const kernel = normalDensity((scaled[i] as number) - (scaled[k] as number));
      const push = kernel * ((weights[k] as number) - (weights[i] as number));
      out[k] = (out[k] as number) + push;
      out[i] = (out[i] as number) - push;
    }
  }
  // A column of tiny numbers has a derivative beyond what a double holds.
  return out.map((sum) => clamp(sum / rows / bandwidth));
}

/** The scores of one column (a view, not a copy). */
export function scoresOf(scores: Scores, column: number): Float32Array {
  return scores.values.subarray(column * scores.rows, (column + 1) * scores.rows);
}

/**
 * 0.9 · min(standard deviation, interquartile range / 1.349) · rows^(−1/5) (Silverman 1986,
 * equation 3.31); by the standard deviation alone where most values are equal.
 */
export function silvermanBandwidth(column: Float64Array): number {
  const sorted = column.slice().sort();
  const robust = (quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25)) / 1.349;
  const deviation = standardDeviation(column);
  const spread = robust > 0 ? Math.min(robust, deviation) : deviation;
  return 0.9 * spread * column.length ** -0.2;
}

function clamp(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** Scaled by the largest size, so that no square overflows or vanishes. */
function standardDeviation(column: Float64Array): number {
  const size = column.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (size === 0) return 0;
  const unit = column.map((value) => value / size);
  const mean = unit.reduce((sum, value) => sum + value, 0) / unit.length;
  const variance = unit.reduce((sum, value) => sum + (value - mean) ** 2, 0) / unit.length;
  return size * Math.sqrt(variance);
}
