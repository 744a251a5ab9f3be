import { columnOf, type Matrix } from '../samples/samples.js';
import { type ColumnRanks, rankColumn, scoreTable } from './normal-scores.js';

/** One side as normal scores, column by column: `values[column * rows + row]`. */
export interface Scores {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Ranks each column of a side; `[column]`. */
export function rankColumns(matrix: Matrix): ColumnRanks[] {
  return Array.from({ length: matrix.columns }, (_, c) => rankColumn(columnOf(matrix, c)));
}

/**
 * Normal scores of the columns that vary. A constant column carries no information and is left
 * out: its ranks all tie, and a model would only see zeros.
 *
 * @param columns ranks of each column of one side, each of `rows` rows.
 */
export function encodeColumns(columns: readonly ColumnRanks[], rows: number): Scores {
  const varying = columns.filter((column) => column.distinct > 1);
  const table = scoreTable(rows);
  const values = new Float32Array(varying.length * rows);
  varying.forEach(({ doubled }, c) => {
    for (let r = 0; r < rows; r++) values[c * rows + r] = table[doubled[r] as number] as number;
  });
  return { rows, columns: varying.length, values };
}
