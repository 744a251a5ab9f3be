import { columnOf, type Matrix, type Samples } from './samples.js';

/** Some rows of both sides, in the order given; a row may come more than once. */
export function takeRows({ x, y }: Samples, rows: Int32Array): Samples {
  return { x: takeMatrixRows(x, rows), y: takeMatrixRows(y, rows) };
}

/** Some rows of one side, in the order given. */
export function takeMatrixRows(matrix: Matrix, rows: Int32Array): Matrix {
  const values = new Float64Array(rows.length * matrix.columns);
  for (let c = 0; c < matrix.columns; c++) {
    const column = columnOf(matrix, c);
    for (let i = 0; i < rows.length; i++) {
      values[c * rows.length + i] = column[rows[i] as number] as number;
    }
  }
  return { rows: rows.length, columns: matrix.columns, values };
}
