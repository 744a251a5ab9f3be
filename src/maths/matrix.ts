/**
 * Numbers of one side, column by column: `values[column * rows + row]`.
 * Column-major, because ranking works on whole columns. All values are finite, but for NaN where a
 * value is missing: a question is then about the rows that its two sides have in full.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array<ArrayBuffer>;
}

/** The values of one column (a view, not a copy). */
export function columnOf(matrix: Matrix, column: number): Float64Array {
  return matrix.values.subarray(column * matrix.rows, (column + 1) * matrix.rows);
}

/** Columns of equal length, side by side. */
export function matrixOf(columns: readonly Float64Array[]): Matrix {
  const rows = columns[0]?.length ?? 0;
  const values = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    values.set(column, c * rows);
  });
  return { rows, columns: columns.length, values };
}

/** Columns of several sides of the same rows, side by side. */
export function joinColumns(...sides: readonly Matrix[]): Matrix {
  const [first] = sides;
  if (first !== undefined && sides.length === 1) return first;
  return matrixOf(
    sides.flatMap((side) => Array.from({ length: side.columns }, (_, c) => columnOf(side, c))),
  );
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
