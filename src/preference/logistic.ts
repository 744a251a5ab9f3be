import { cholesky, invert, solve } from '../maths/cholesky.js';
import { sigmoid } from '../maths/log-space.js';
import { rootMeanSquare } from '../maths/root-mean-square.js';
import { type Clusters, clusterSums } from './clusters.js';

/** A logistic regression without intercept and with labels 1: P(chosen wins) = σ(Σ w_j x_j). */
export interface LogisticFit {
  /** Whether a finite maximum exists; if not, the coefficients are null. */
  readonly status: 'fitted' | 'separated' | 'constant';
  readonly coefficients: readonly number[] | null;
  /** Standard errors from the information matrix; for one column 1/√Σ x² σ(wx)(1 − σ(wx)). */
  readonly standardErrors: readonly number[] | null;
  /** Cluster-robust ("sandwich") standard errors; null with fewer than two clusters. */
  readonly clusteredErrors: readonly number[] | null;
  /** Σ log σ at the maximum; its supremum 0 if a plane through the origin separates the data. */
  readonly logLikelihood: number;
}

const ITERATIONS = 100;
/** Relative step at which to stop; the error that remains is of the order of the step squared. */
const STEP = 1e-8;
/** A relative decrease of the log-likelihood below this is rounding. */
const ROUNDING = 1e-12;
/** Only separated data drive the scaled coefficients beyond this size. */
const DIVERGED = 1e7;

/**
 * Fits by Newton's method with step halving on columns scaled to unit mean square; the objective is
 * concave.
 *
 * @param columns of equal length: differences, chosen minus rejected.
 */
export function fitLogistic(columns: readonly Float64Array[], clusters: Clusters): LogisticFit {
  const scales = columns.map(rootMeanSquare);
  const rows = columns[0]?.length ?? 0;
  if (scales.some((scale) => scale === 0)) return notFitted('constant', -rows * Math.LN2);
  const scaled = columns.map((column, j) => divided(column, scales[j] as number));

  let weights = new Float64Array(columns.length);
  let state = evaluate(scaled, weights);
  for (let i = 0; i < ITERATIONS; i++) {
    const factor = cholesky(state.information);
    // The objective is flat in some direction: columns are dependent, or the fit has diverged.
    if (factor === undefined) return notFitted(i === 0 ? 'constant' : 'separated', state.value);
    const step = solve(factor, state.gradient);
    let share = 1;
    let next = moved(weights, step, share);
    let there = evaluate(scaled, next);
    const noise = ROUNDING * Math.abs(state.value);
    while (there.value < state.value - noise && share > 1e-10) {
      share /= 2;
      next = moved(weights, step, share);
      there = evaluate(scaled, next);
    }
    const length = Math.hypot(...step) * share;
    const size = Math.hypot(...next);
    if (size > DIVERGED) return notFitted('separated', 0);
    weights = next;
    state = there;
    // All margins are on one side, so any larger multiple of these weights fits better.
    if (state.lowest >= 0 && size > 0) return notFitted('separated', 0);
    if (length <= STEP * Math.max(size, STEP)) break;
  }
  const factor = cholesky(state.information);
  if (factor === undefined) return notFitted('separated', state.value);
  const covariance = invert(factor);
  const unscale = (value: number, j: number) => value / (scales[j] as number);
  return {
    status: 'fitted',
    coefficients: Array.from(weights, unscale),
    standardErrors: covariance.map((row, j) => unscale(Math.sqrt(row[j] as number), j)),
    clusteredErrors: sandwich(scaled, weights, covariance, clusters)?.map(unscale) ?? null,
    logLikelihood: state.value,
  };
}

/**
 * Number of rows per block. The product of their factors 1 + exp(−|margin|) ≤ 2 does not overflow,
 * so one logarithm per block is enough.
 */
const BLOCK = 512;

/** Computes the log-likelihood, the lowest margin, the gradient and the information matrix. */
function evaluate(columns: readonly Float64Array[], weights: Float64Array) {
  const size = columns.length;
  const rows = columns[0]?.length ?? 0;
  const gradient = new Float64Array(size);
  const information = Array.from({ length: size }, () => new Float64Array(size));
  let value = 0;
  let lowest = Number.POSITIVE_INFINITY;
  const misses = new Float64Array(BLOCK);
  for (let start = 0; start < rows; start += BLOCK) {
    const block = columns.map((column) => column.subarray(start, start + BLOCK));
    const margins = weightedSums(block, weights);
    let product = 1;
    for (let i = 0; i < margins.length; i++) {
      const margin = margins[i] as number;
      const e = Math.exp(-Math.abs(margin));
      product *= 1 + e;
      value += Math.min(margin, 0);
      misses[i] = (margin < 0 ? 1 : e) / (1 + e);
      if (margin < lowest) lowest = margin;
    }
    value -= Math.log(product);
    block.forEach((x, j) => {
      gradient[j] = (gradient[j] as number) + dot(x, misses);
      for (let i = 0; i < x.length; i++) {
        const miss = misses[i] as number;
        margins[i] = miss * (1 - miss) * (x[i] as number);
      }
      const row = information[j] as Float64Array;
      for (let k = 0; k <= j; k++) {
        row[k] = (row[k] as number) + dot(block[k] as Float64Array, margins);
      }
    });
  }
  return { value, lowest, gradient, information };
}

/** Σ_j w_j x_ij of each row i. */
function weightedSums(columns: readonly Float64Array[], weights: Float64Array): Float64Array {
  const sums = new Float64Array(columns[0]?.length ?? 0);
  columns.forEach((column, j) => {
    const weight = weights[j] as number;
    for (let i = 0; i < sums.length; i++) {
      sums[i] = (sums[i] as number) + weight * (column[i] as number);
    }
  });
  return sums;
}

/** Σ a_i b_i over the length of a. */
function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** √diag(H⁻¹ B H⁻¹), where B = G/(G−1) Σ_g s_g s_gᵀ for the scores s_g of the G clusters. */
function sandwich(
  columns: readonly Float64Array[],
  weights: Float64Array,
  covariance: readonly Float64Array[],
  clusters: Clusters,
): number[] | null {
  if (clusters.count < 2) return null;
  const size = columns.length;
  const margins = weightedSums(columns, weights);
  const scores = clusterSums(clusters, margins.length, size, (i, into) => {
    const miss = sigmoid(-(margins[i] as number));
    for (let j = 0; j < size; j++) into[j] = miss * ((columns[j] as Float64Array)[i] as number);
  });
  const correction = clusters.count / (clusters.count - 1);
  return covariance.map((row) => {
    let variance = 0;
    for (let g = 0; g < clusters.count; g++) {
      variance += dot(row, scores.subarray(g * size, (g + 1) * size)) ** 2;
    }
    return Math.sqrt(correction * variance);
  });
}

function notFitted(status: 'separated' | 'constant', logLikelihood: number): LogisticFit {
  return {
    status,
    coefficients: null,
    standardErrors: null,
    clusteredErrors: null,
    logLikelihood,
  };
}

function moved(
  weights: Float64Array,
  step: Float64Array,
  share: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from(weights, (weight, j) => weight + share * (step[j] as number));
}

function divided(column: Float64Array, scale: number): Float64Array {
  const values = new Float64Array(column.length);
  for (let i = 0; i < values.length; i++) values[i] = (column[i] as number) / scale;
  return values;
}
