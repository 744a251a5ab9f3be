/** Sums and probabilities computed from logarithms, without overflow or underflow. */

/** log Σ exp(a_i); −Infinity if there are no values. */
export function logSumExp(values: ArrayLike<number>): number {
  const most = largest(values);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp((values[i] as number) - most);
  return most + Math.log(sum);
}

/** exp(a_i) / Σ exp(a_j): sums to 1. */
export function softmax(values: ArrayLike<number>): Float64Array {
  const most = largest(values);
  const weights = Float64Array.from(values, (value) => Math.exp(value - most));
  let sum = 0;
  for (const weight of weights) sum += weight;
  return weights.map((weight) => weight / sum);
}

/** log σ(a) = −log(1 + exp(−a)). */
export function logSigmoid(a: number): number {
  return a < 0 ? a - Math.log1p(Math.exp(a)) : -Math.log1p(Math.exp(-a));
}

/** σ(a) = 1 / (1 + exp(−a)), accurate in both tails. */
export function sigmoid(a: number): number {
  if (a >= 0) return 1 / (1 + Math.exp(-a));
  const e = Math.exp(a);
  return e / (1 + e);
}

/** Effective sample size 1 / Σ w² of weights that sum to 1. */
export function effectiveSampleSize(weights: Float64Array): number {
  let squares = 0;
  for (const weight of weights) squares += weight * weight;
  return 1 / squares;
}

/**
 * The largest value; −Infinity if there are none. Unlike Math.max, it accepts arrays of any length.
 */
export function largest(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i] as number);
  return most;
}
