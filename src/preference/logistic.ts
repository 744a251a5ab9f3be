import { setImmediate as breathe } from 'node:timers/promises';
import { cholesky, invert, solve } from './cholesky.js';
import type { Clusters } from './clusters.js';
import { sigmoid } from './log-space.js';

/** A logistic regression without intercept whose every label is 1: P(chosen wins) = σ(Σ w_j x_j). */
export interface LogisticFit {
  /** Whether a finite maximum exists; if not, the coefficients are null. */
  readonly status: 'fitted' | 'separated' | 'constant';
  readonly coefficients: readonly number[] | null;
  /** From the information matrix: 1/√Σ x² σ(wx)(1 − σ(wx)) for one column. */
  readonly standardErrors: readonly number[] | null;
  /** Cluster-robust ("sandwich"); null with fewer than two clusters. */
  readonly clusteredErrors: readonly number[] | null;
  /** Σ log σ at the maximum: the supremum 0 when separated by a plane through the origin. */
  readonly logLikelihood: number;
}

const ITERATIONS = 100;
/** Relative to scaled columns: Newton's method then has all digits. */
const STEP = 1e-11;
/** Of a log-likelihood, relative to itself: less is no loss. */
const ROUNDING = 1e-12;
/** Scaled coefficients beyond: nothing but separated data drives them there. */
const DIVERGED = 1e7;

/**
 * Fits by Newton's method with step halving on columns scaled to unit mean square; the objective is
 * concave. Gives way to other requests between passes over the data.
 *
 * @param columns of equal length: differences, chosen minus rejected.
 */
export async function fitLogistic(
  columns: readonly Float64Array[],
  clusters: Clusters,
): Promise<LogisticFit> {
  const scales = columns.map(rootMeanSquare);
  const rows = columns[0]?.length ?? 0;
  if (scales.some((scale) => scale === 0)) return notFitted('constant', -rows * Math.LN2);
  const scaled = columns.map((column, j) => column.map((value) => value / (scales[j] as number)));

  let weights = new Float64Array(columns.length);
  let state = evaluate(scaled, weights);
  for (let i = 0; i < ITERATIONS; i++) {
    await breathe();
    const factor = cholesky(state.information);
    // Flat along some direction: the columns repeat each other, or the fit has run off.
    if (factor === undefined) return notFitted(i === 0 ? 'constant' : 'separated', state.value);
    const step = solve(factor, state.gradient);
    let share = 1;
    let next = moved(weights, step, share);
    let there = evaluate(scaled, next);
    const noise = ROUNDING * Math.abs(state.value);
    while (there.value < state.value - noise && share > 1e-10) {
      await breathe();
      share /= 2;
      next = moved(weights, step, share);
      there = evaluate(scaled, next);
    }
    const length = Math.hypot(...step) * share;
    const size = Math.hypot(...next);
    if (size > DIVERGED) return notFitted('separated', 0);
    weights = next;
    state = there;
    // All on one side: any larger multiple of these weights does better.
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

/** The log-likelihood, the lowest margin, the gradient and the negative second derivatives. */
function evaluate(columns: readonly Float64Array[], weights: Float64Array) {
  const size = columns.length;
  const rows = columns[0]?.length ?? 0;
  const gradient = new Float64Array(size);
  const information = Array.from({ length: size }, () => new Float64Array(size));
  let value = 0;
  let lowest = Number.POSITIVE_INFINITY;
  const x = new Float64Array(size);
  for (let i = 0; i < rows; i++) {
    let margin = 0;
    for (let j = 0; j < size; j++) {
      x[j] = (columns[j] as Float64Array)[i] as number;
      margin += (weights[j] as number) * (x[j] as number);
    }
    // log σ(margin) and σ(−margin) from one exponential: this is where the time goes.
    const e = Math.exp(-Math.abs(margin));
    value += Math.min(margin, 0) - Math.log1p(e);
    const miss = (margin < 0 ? 1 : e) / (1 + e);
    if (margin < lowest) lowest = margin;
    const spread = miss * (1 - miss);
    for (let j = 0; j < size; j++) {
      gradient[j] = (gradient[j] as number) + (x[j] as number) * miss;
      const row = information[j] as Float64Array;
      const weighted = spread * (x[j] as number);
      for (let k = 0; k <= j; k++) row[k] = (row[k] as number) + weighted * (x[k] as number);
    }
  }
  return { value, lowest, gradient, information };
}

/** √diag(H⁻¹ B H⁻¹), B = G/(G−1) Σ_g s_g s_gᵀ over the clusters' scores. */
function sandwich(
  columns: readonly Float64Array[],
  weights: Float64Array,
  covariance: readonly Float64Array[],
  clusters: Clusters,
): number[] | null {
  if (clusters.count < 2) return null;
  const miss = Float64Array.from({ length: (columns[0] as Float64Array).length }, (_, i) =>
    sigmoid(
      -columns.reduce((sum, column, j) => sum + (weights[j] as number) * (column[i] as number), 0),
    ),
  );
  const scores = columns.map((column) =>
    clusters.sums(column.map((value, i) => value * (miss[i] as number))),
  );
  const correction = clusters.count / (clusters.count - 1);
  return covariance.map((row) => {
    let variance = 0;
    for (let g = 0; g < clusters.count; g++) {
      let influence = 0;
      for (let k = 0; k < row.length; k++) {
        influence += (row[k] as number) * ((scores[k] as Float64Array)[g] as number);
      }
      variance += influence * influence;
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

function rootMeanSquare(column: Float64Array): number {
  let largest = 0;
  for (const value of column) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 0;
  let squares = 0;
  for (const value of column) squares += (value / largest) ** 2;
  return largest * Math.sqrt(squares / column.length);
}
