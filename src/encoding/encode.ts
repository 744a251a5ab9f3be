import { columnOf, type Matrix } from '../maths/matrix.js';
import { type ColumnRanks, rankColumn, scoreTable } from './normal-scores.js';

/** One side as normal scores, column by column: `values[column * rows + row]`. */
export interface Scores {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Ranks each column of a side; shape [column]. */
export function rankColumns(matrix: Matrix): ColumnRanks[] {
  return Array.from({ length: matrix.columns }, (_, c) => rankColumn(columnOf(matrix, c)));
}

/** Constant and redundant columns add no information and are left out. */
export type ColumnUse = 'used' | 'constant' | 'redundant';

/**
 * Decides how each column of a side is used. A column that orders the rows like an earlier one, or
 * in exactly the reverse order, is redundant: leaving it out does not change the mutual information
 * and avoids singular matrices in the model.
 */
export function columnUses(columns: readonly ColumnRanks[]): ColumnUse[] {
  return columns.map((column, c) => {
    if (column.distinct === 1) return 'constant';
    return columns.slice(0, c).some((earlier) => sameOrder(earlier, column)) ? 'redundant' : 'used';
  });
}

/**
 * Normal scores of the columns that carry information.
 *
 * @param columns ranks of every column of one side, each with `rows` rows.
 */
export function encodeColumns(columns: readonly ColumnRanks[], rows: number): Scores {
  const uses = columnUses(columns);
  const used = columns.filter((_, c) => uses[c] === 'used');
  const table = scoreTable(rows);
  const values = new Float32Array(used.length * rows);
  used.forEach(({ doubled }, c) => {
    for (let r = 0; r < rows; r++) values[c * rows + r] = table[doubled[r] as number] as number;
  });
  return { rows, columns: used.length, values };
}

/** Reorders the rows of scores; the ranks do not depend on row order. */
export function inOrder({ rows, columns, values }: Scores, order: ArrayLike<number>): Scores {
  const ordered = new Float32Array(values.length);
  for (let c = 0; c < columns; c++) {
    const column = values.subarray(c * rows, (c + 1) * rows);
    for (let i = 0; i < rows; i++) ordered[c * rows + i] = column[order[i] as number] as number;
  }
  return { rows, columns, values: ordered };
}

/** Whether one column is a strictly monotone map of the other. */
function sameOrder(a: ColumnRanks, b: ColumnRanks): boolean {
  const mirror = 2 * a.doubled.length + 2;
  return (
    a.distinct === b.distinct &&
    (a.doubled.every((m, r) => m === b.doubled[r]) ||
      a.doubled.every((m, r) => m === mirror - (b.doubled[r] as number)))
  );
}
