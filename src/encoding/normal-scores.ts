import { normalQuantile } from '../maths/normal.js';
import { lowerBound } from '../maths/search.js';

/** The mid-ranks of one column. */
export interface ColumnRanks {
  /** Twice the 1-based mid-rank of each row: an integer in 2…2n, with or without ties. */
  readonly doubled: Int32Array;
  /** Number of distinct values. */
  readonly distinct: number;
  /** Share of row pairs with equal values, in [0, 1]. */
  readonly tiedPairs: number;
}

/**
 * Mid-ranks of a column: equal values share the mean of their ranks; −0 equals 0. A strictly
 * increasing map changes nothing; a decreasing map changes each doubled rank m to 2n + 2 − m.
 *
 * @param column finite values, shape [rows].
 */
export function rankColumn(column: Float64Array): ColumnRanks {
  const rows = column.length;
  const sorted = column.slice().sort();
  const values = new Float64Array(rows);
  const ranks = new Int32Array(rows);
  let distinct = 0;
  let tiedPairs = 0;
  for (let start = 0; start < rows; ) {
    const value = sorted[start] as number;
    let end = start + 1;
    while (end < rows && sorted[end] === value) end++;
    values[distinct] = value;
    // Ranks start + 1 … end: twice their mean is start + 1 + end.
    ranks[distinct++] = start + 1 + end;
    tiedPairs += ((end - start) * (end - start - 1)) / 2;
    start = end;
  }
  const doubled = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    doubled[r] = ranks[lowerBound(values, column[r] as number, distinct)] as number;
  }
  return { doubled, distinct, tiedPairs: rows < 2 ? 0 : tiedPairs / ((rows * (rows - 1)) / 2) };
}

/** Kept for the next side with the same number of rows: a table takes longer than ranking. */
let lastTable = new Float32Array(0);

/**
 * Table of normal scores by doubled mid-rank m: Φ⁻¹((m − 1) / 2n), that is Φ⁻¹((r − ½) / n) for
 * rank r. The upper half mirrors the lower half, so that a decreasing map of a column gives exactly
 * the negated scores; the middle entry is exactly 0.
 *
 * @returns shape [2n + 1]; entries 2…2n are used.
 */
export function scoreTable(rows: number): Float32Array {
  if (lastTable.length === 2 * rows + 1) return lastTable;
  const table = new Float32Array(2 * rows + 1);
  for (let m = 2; m <= rows; m++) {
    const score = normalQuantile((m - 1) / (2 * rows));
    table[m] = score;
    table[2 * rows + 2 - m] = -score;
  }
  lastTable = table;
  return table;
}
