import { encodeColumns, rankColumns } from '../encoding/encode.js';
import { cholesky } from '../maths/cholesky.js';
import { columnOf, type Matrix } from '../maths/matrix.js';
import type { Samples } from '../samples/samples.js';

/**
 * Mutual information if both sides are jointly normal: −½ Σ ln(1 − ρ²) over the canonical
 * correlations ρ, computed as ½ ln(det R_x det R_y / det R) from the correlation matrix R. Never
 * negative; biased upward unless there are many times more rows than columns.
 *
 * @returns nats; undefined if the correlation matrix is singular, because columns are linear
 *   combinations of others or there are no more rows than columns.
 */
export function cca(samples: Samples): number | undefined {
  const x = standardColumns(samples.x);
  const y = standardColumns(samples.y);
  if (x.length === 0 || y.length === 0) return 0;
  // The correlation matrix is singular if there are no more rows than columns.
  if (samples.x.rows <= x.length + y.length) return undefined;
  return gaussianInformation(gram([...x, ...y]), x.length);
}

/**
 * Mutual information of a Gaussian copula: `cca` of the normal scores, which no strictly monotone
 * map of a column changes. The correlation matrix is shrunk toward the identity (Ledoit & Wolf, "A
 * well-conditioned estimator for large-dimensional covariance matrices", 2004), so it is never
 * singular. Constant and redundant columns are left out.
 *
 * @returns nats, at least 0.
 */
export function gaussianCopula(samples: Samples): number {
  const { rows } = samples.x;
  const x = encodeColumns(rankColumns(samples.x), rows);
  const y = encodeColumns(rankColumns(samples.y), rows);
  if (x.columns === 0 || y.columns === 0) return 0;
  const columns = [x, y].flatMap((side) =>
    Array.from({ length: side.columns }, (_, c) =>
      standardized(Float64Array.from(side.values.subarray(c * rows, (c + 1) * rows))),
    ),
  );
  return gaussianInformation(ledoitWolf(columns), x.columns) ?? 0;
}

/** The columns that are not constant, standardized to mean 0 and variance 1. */
function standardColumns(side: Matrix): Float64Array[] {
  return Array.from({ length: side.columns }, (_, c) => columnOf(side, c))
    .filter((column) => column.some((value) => value !== column[0]))
    .map(standardized);
}

function standardized(column: Float64Array): Float64Array {
  const largest = column.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Scaled first, because squares of the largest doubles would overflow.
  const scaled = column.map((value) => value / largest);
  const center = mean(scaled);
  const deviation = Math.sqrt(mean(scaled.map((value) => (value - center) ** 2)));
  return scaled.map((value) => (value - center) / deviation);
}

/** Mean products of all pairs of columns, [i][j]. */
function gram(columns: readonly Float64Array[]): Float64Array[] {
  const matrix = columns.map(() => new Float64Array(columns.length));
  columns.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = columns[j] as Float64Array;
      let sum = 0;
      for (let r = 0; r < a.length; r++) sum += (a[r] as number) * (b[r] as number);
      set(matrix, i, j, sum / a.length);
      set(matrix, j, i, sum / a.length);
    }
  });
  return matrix;
}

/** The covariance of centered columns, shrunk toward the identity times their mean variance. */
function ledoitWolf(columns: readonly Float64Array[]): Float64Array[] {
  const matrix = gram(columns);
  const size = columns.length;
  const rows = (columns[0] as Float64Array).length;
  const target = matrix.reduce((sum, row, i) => sum + (row[i] as number), 0) / size;
  const squares = matrix.reduce((sum, row) => sum + row.reduce((s, v) => s + v * v, 0), 0);
  const distance = squares / size - target ** 2;
  let fourth = 0;
  for (let r = 0; r < rows; r++) {
    const length = columns.reduce((sum, column) => sum + (column[r] as number) ** 2, 0);
    fourth += length * length;
  }
  const error = Math.min(distance, (fourth / rows - squares) / (size * rows));
  const shrinkage = distance === 0 ? 0 : error / distance;
  matrix.forEach((row, i) => {
    row.forEach((value, j) => {
      row[j] = (1 - shrinkage) * value + (i === j ? shrinkage * target : 0);
    });
  });
  return matrix;
}

/** Pivots below this, relative to the diagonal, are rounding errors. */
const SINGULAR = 1e-12;

/** ½ ln(det A det B / det [A C; Cᵀ B]) where A has the first `split` rows and columns. */
function gaussianInformation(matrix: readonly Float64Array[], split: number): number | undefined {
  const whole = cholesky(matrix, SINGULAR);
  const second = cholesky(
    matrix.slice(split).map((row) => row.subarray(split)),
    SINGULAR,
  );
  if (whole === undefined || second === undefined) return undefined;
  // The first rows of the whole factor are the factor of A, so their terms cancel.
  const pivot = (factor: readonly Float64Array[], i: number) => factor[i]?.[i] as number;
  const nats = second.reduce(
    (sum, _, i) => sum + Math.log(pivot(second, i) / pivot(whole, split + i)),
    0,
  );
  return Math.max(0, nats);
}

function set(matrix: readonly Float64Array[], i: number, j: number, value: number): void {
  (matrix[i] as Float64Array)[j] = value;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
