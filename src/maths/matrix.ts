/**
 * The values of one side in column-major order, `values[column * rows + row]`, because ranking
 * works on whole columns. Values are finite, or NaN where a value is missing; a question then uses
 * only the rows that are complete in both of its sides.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array<ArrayBuffer>;
  /** Whether the values are labels, whose order has no meaning. Only for a single column. */
  readonly nominal?: boolean;
}

/** The values of one column (a view, not a copy). */
export function columnOf(matrix: Matrix, column: number): Float64Array {
  return matrix.values.subarray(column * matrix.rows, (column + 1) * matrix.rows);
}

/** Joins columns of equal length into a matrix. */
export function matrixOf(columns: readonly Float64Array[]): Matrix {
  const rows = columns[0]?.length ?? 0;
  const values = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    values.set(column, c * rows);
  });
  return { rows, columns: columns.length, values };
}

/** Joins the columns of several sides with the same rows. */
export function joinColumns(...sides: readonly Matrix[]): Matrix {
  const [first] = sides;
  if (first !== undefined && sides.length === 1) return first;
  return matrixOf(
    sides.flatMap((side) => Array.from({ length: side.columns }, (_, c) => columnOf(side, c))),
  );
}

/** The rows with the given indices, in that order; an index may repeat. */
export function takeRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const rows = indices.length;
  const values = new Float64Array(rows * matrix.columns);
  for (let c = 0; c < matrix.columns; c++) {
    const column = columnOf(matrix, c);
    for (let i = 0; i < rows; i++) values[c * rows + i] = column[indices[i] as number] as number;
  }
  return { rows, columns: matrix.columns, values, ...(matrix.nominal ? { nominal: true } : {}) };
}
