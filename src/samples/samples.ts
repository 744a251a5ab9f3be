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

/** Columns that go by one name. */
export interface NamedSide {
  readonly name: string;
  readonly matrix: Matrix;
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

/** Columns of several sides of the same rows, side by side. */
export function joinColumns(...sides: readonly Matrix[]): Matrix {
  const rows = sides[0]?.rows ?? 0;
  const columns = sides.reduce((sum, side) => sum + side.columns, 0);
  const values = new Float64Array(rows * columns);
  let at = 0;
  for (const side of sides) {
    values.set(side.values, at);
    at += side.values.length;
  }
  return { rows, columns, values };
}

/** Rows by their indices, in the order given; an index may repeat. */
export function takeRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const rows = indices.length;
  const values = new Float64Array(rows * matrix.columns);
  for (let c = 0; c < matrix.columns; c++) {
    const column = columnOf(matrix, c);
    for (let i = 0; i < rows; i++) values[c * rows + i] = column[indices[i] as number] as number;
  }
  return { rows, columns: matrix.columns, values };
}
