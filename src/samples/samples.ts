import { type Matrix, takeRows } from '../maths/matrix.js';

/** Paired observations: row r of x and row r of y belong together. */
export interface Samples {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** A named group of columns. */
export interface NamedSide {
  readonly name: string;
  readonly matrix: Matrix;
  /** The name of each column. */
  readonly columns: readonly string[];
}

/** The matrices of named sides. */
export function matricesOf<Key extends string>(
  sides: Readonly<Record<Key, NamedSide>>,
): Record<Key, Matrix> {
  const entries = Object.entries<NamedSide>(sides).map(([key, { matrix }]) => [key, matrix]);
  return Object.fromEntries(entries);
}

/** Limits on one side, from the settings. */
export interface SampleLimits {
  readonly maxRows: number;
  readonly maxColumns: number;
}

/** Minimum number of rows: fewer carry no information about dependence. */
export const MIN_ROWS = 2;

/** Marks rows with a missing value by 1 and the others by 0; undefined if no value is missing. */
export function missingRows({ rows, values }: Matrix): Uint8Array | undefined {
  let missing: Uint8Array | undefined;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue;
    missing ??= new Uint8Array(rows);
    missing[i % rows] = 1;
  }
  return missing;
}

/** The rows without a missing value; the matrix itself if these are all rows. */
export function completeRows(matrix: Matrix): Matrix {
  const missing = missingRows(matrix);
  return missing === undefined ? matrix : takeRows(matrix, rowsWithout(missing));
}

/** The rows that are complete in both sides; the same matrices if these are all rows. */
export function completeSamples({ x, y }: Samples): Samples {
  const missing = eitherMissing(missingRows(x), missingRows(y));
  if (missing === undefined) return { x, y };
  const rows = rowsWithout(missing);
  return { x: takeRows(x, rows), y: takeRows(y, rows) };
}

/**
 * The number of rows that are complete in both sides.
 *
 * @param inX result of `missingRows` for x.
 * @param inY result of `missingRows` for y.
 */
export function rowsInCommon(
  rows: number,
  inX: Uint8Array | undefined,
  inY: Uint8Array | undefined,
): number {
  const missing = eitherMissing(inX, inY);
  return missing === undefined ? rows : rows - missing.reduce((sum, miss) => sum + miss, 0);
}

/** Marks rows with a missing value in either side by 1. */
function eitherMissing(
  inX: Uint8Array | undefined,
  inY: Uint8Array | undefined,
): Uint8Array | undefined {
  if (inX === undefined || inY === undefined) return inX ?? inY;
  return inX.map((miss, r) => miss | (inY[r] as number));
}

function rowsWithout(missing: Uint8Array): Int32Array {
  return Int32Array.from(missing.keys()).filter((r) => missing[r] === 0);
}
