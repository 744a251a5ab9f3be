/**
 * Numbers of one side, column by column: `values[column * rows + row]`.
 * Column-major, because ranking works on whole columns. All values are finite.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array<ArrayBuffer>;
}

/** Paired observations: row r of x and row r of y belong together. */
export interface Samples {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** Limits on one side, from the settings. */
export interface SampleLimits {
  readonly maxRows: number;
  readonly maxColumns: number;
}

/** Fewer rows hold no information on dependence: there is nothing to compare. */
export const MIN_ROWS = 2;

/** The values of one column (a view, not a copy). */
export function columnOf(matrix: Matrix, column: number): Float64Array {
  return matrix.values.subarray(column * matrix.rows, (column + 1) * matrix.rows);
}
