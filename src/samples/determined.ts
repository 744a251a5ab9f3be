import type { Scores } from '../encoding/encode.js';
import { cholesky, solve } from '../maths/cholesky.js';

/** Number of rows to predict; more would change the result little. */
const PREDICTED = 40;
/** Number of rows among which neighbors are searched. */
const POOL = 1000;
/** With more columns than this, even the nearest rows are far away. */
const MOST_COLUMNS = 4;
/** Number of predictions after which a column that is clearly not determined ends the search. */
const FIRST = 8;
/** Median of the square of a standard normal variable. */
const MEDIAN_SQUARE = 0.4549;

/**
 * The share of a column's variance that the other side does not explain: the residual variance of
 * local linear fits, each to the nearest other rows, divided by the variance of the column. It is
 * near 0 if the column is a smooth function of the side, of any shape, and about 1 if the column
 * does not depend on it. Medians over rows keep jumps and edges from dominating. Rows at distance 0
 * are not used as neighbors, because a copy of a row would predict its column exactly.
 *
 * @param columns indices of the continuous columns of `to`.
 * @returns the smallest share among these columns, in [0, 1]; 1 if `from` has too many columns or
 *   too few rows.
 */
export function leastUnexplainedShare(
  from: Scores,
  to: Scores,
  columns: readonly number[],
): number {
  const neighbors = 2 * from.columns + 2;
  if (from.columns < 1 || from.columns > MOST_COLUMNS || columns.length === 0) return 1;
  const pool = spread(from.rows, POOL);
  if (pool.length < 2 * neighbors) return 1;
  const shares: number[][] = columns.map(() => []);
  const least = () => Math.min(...shares.map(median));
  for (const row of spread(pool.length, PREDICTED).map((place) => pool[place] as number)) {
    const near = nearest(from, pool, row, neighbors);
    const weights = fitWeights(from, near, row);
    if (weights === undefined) continue;
    const inflation = 1 + weights.reduce((sum, weight) => sum + weight * weight, 0);
    columns.forEach((column, i) => {
      const at = (r: number) => to.values[column * to.rows + r] as number;
      const predicted = weights.reduce((sum, weight, n) => sum + weight * at(near[n] as number), 0);
      shares[i]?.push((at(row) - predicted) ** 2 / (inflation * MEDIAN_SQUARE));
    });
    if (shares[0]?.length === FIRST && least() > 0.1) return 1;
  }
  return (shares[0]?.length ?? 0) < FIRST ? 1 : Math.min(1, least());
}

/** At most `size` of the numbers 0 … count − 1, evenly spaced. */
function spread(count: number, size: number): number[] {
  const kept = Math.min(count, size);
  return Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept));
}

/** The rows of the pool nearest to `row` under the maximum norm, without rows at distance 0. */
function nearest({ rows, columns, values }: Scores, pool: number[], row: number, size: number) {
  const near: number[] = [];
  const distances: number[] = [];
  for (const other of pool) {
    let distance = 0;
    for (let c = 0; c < columns; c++) {
      const start = c * rows;
      const d = Math.abs((values[start + other] as number) - (values[start + row] as number));
      if (d > distance) distance = d;
    }
    if (distance === 0) continue;
    if (near.length === size && distance >= (distances[size - 1] as number)) continue;
    let place = Math.min(near.length, size - 1);
    for (; place > 0 && (distances[place - 1] as number) > distance; place--) {
      distances[place] = distances[place - 1] as number;
      near[place] = near[place - 1] as number;
    }
    distances[place] = distance;
    near[place] = other;
  }
  return near;
}

/**
 * Weights of the neighbors in the linear least-squares prediction at a row:
 * w = A (AᵀA)⁻¹ e₀, where A has a row (1, x − x_row) for each neighbor.
 *
 * @returns undefined if the neighbors do not span the columns.
 */
function fitWeights(
  { rows, columns, values }: Scores,
  near: number[],
  row: number,
): number[] | undefined {
  const design = near.map((other) => [
    1,
    ...Array.from({ length: columns }, (_, c) => {
      const start = c * rows;
      return (values[start + other] as number) - (values[start + row] as number);
    }),
  ]);
  // Scale the columns of the design matrix to length 1: distances are much smaller than 1.
  const size = columns + 1;
  const scale = Array.from({ length: size }, (_, c) => Math.hypot(...design.map((a) => at(a, c))));
  if (scale.some((length) => length === 0)) return undefined;
  const scaled = design.map((a) => a.map((value, c) => value / at(scale, c)));
  const gram = scale.map((_, i) =>
    scale.map((_, j) => scaled.reduce((sum, a) => sum + at(a, i) * at(a, j), 0)),
  );
  const factor = cholesky(gram, 1e-9);
  if (factor === undefined) return undefined;
  const first = scale.map((length, i) => (i === 0 ? 1 / length : 0));
  const solution = solve(factor, first);
  return scaled.map((a) => a.reduce((sum, value, c) => sum + value * at(solution, c), 0));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 1;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
