import { columnOf, type Matrix, takeRows } from '../maths/matrix.js';

/** The rows `from` … `to` − 1 of a series. */
export function window(series: Matrix, from: number, to: number): Matrix {
  return takeRows(
    series,
    Array.from({ length: to - from }, (_, i) => from + i),
  );
}

/**
 * The recent past at each time (a delay embedding): for each t in from … rows − 1, the result has a
 * row with the rows t − 1 … t − length of the series.
 *
 * @param from at least `length`.
 * @returns shape [rows − from, length × columns].
 */
export function past(series: Matrix, length: number, from: number): Matrix {
  const rows = series.rows - from;
  const values = new Float64Array(rows * length * series.columns);
  for (let lag = 1; lag <= length; lag++) {
    for (let c = 0; c < series.columns; c++) {
      const column = columnOf(series, c).subarray(from - lag, series.rows - lag);
      values.set(column, ((lag - 1) * series.columns + c) * rows);
    }
  }
  return { rows, columns: length * series.columns, values };
}
