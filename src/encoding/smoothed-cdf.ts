/**
 * The derivative of normal scores with respect to the samples.
 *
 * Ranks are piecewise constant, so their derivative is 0 wherever it exists. It is replaced by the
 * derivative of the empirical distribution function smoothed with a Gaussian kernel, F(t) = mean
 * over rows j of Φ((t − xⱼ) / h), evaluated at the original scores: dzᵢ = dF(xᵢ) / φ(zᵢ).
 */
import { normalDensity } from '../maths/normal.js';
import { quantileOfSorted } from '../maths/quantile.js';
import type { Scores } from './encode.js';

/** A derivative with respect to samples: shape [rows, columns], column-major like the samples. */
export type Gradient = Float64Array<ArrayBuffer>;

/**
 * Converts the derivative with respect to one column's scores into that with respect to its
 * samples.
 *
 * With aᵢ = gᵢ / φ(zᵢ) and Kᵢₖ = φ((xᵢ − xₖ) / h) / (n h), the derivative with respect to xₖ is
 * Σᵢ Kᵢₖ (aₖ − aᵢ): increasing a value raises its own rank and lowers the ranks of the others. The
 * derivatives of a column sum to 0, because shifting the whole column changes no rank.
 *
 * @param samples values of one column, shape [rows].
 * @param scores normal scores of the column, shape [rows].
 * @param gradient derivative with respect to the scores, shape [rows].
 * @returns derivative with respect to the samples, per unit of the column, shape [rows]; 0 for a
 *   constant column.
 */
export function throughSmoothedCdf(
  samples: Float64Array,
  scores: ArrayLike<number>,
  gradient: ArrayLike<number>,
): Float64Array {
  const rows = samples.length;
  const out = new Float64Array(rows);
  // Work in units of the bandwidth, which may be as small or large as a double can be.
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
  // The derivative of a column of tiny numbers may exceed the largest double.
  return out.map((sum) => clamp(sum / rows / bandwidth));
}

/** The scores of one column (a view, not a copy). */
export function scoresOf(scores: Scores, column: number): Float32Array {
  return scores.values.subarray(column * scores.rows, (column + 1) * scores.rows);
}

/**
 * Silverman's rule of thumb, 0.9 · min(standard deviation, interquartile range / 1.349) ·
 * rows^(−1/5) (Silverman 1986, equation 3.31). If the interquartile range is 0, the standard
 * deviation is used.
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

/** Values are scaled by the largest magnitude first, so that no square overflows or underflows. */
function standardDeviation(column: Float64Array): number {
  const size = column.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (size === 0) return 0;
  const unit = column.map((value) => value / size);
  const mean = unit.reduce((sum, value) => sum + value, 0) / unit.length;
  const variance = unit.reduce((sum, value) => sum + (value - mean) ** 2, 0) / unit.length;
  return size * Math.sqrt(variance);
}
