/**
 * Labels spread over columns, one a label and one of them set in each row (one-hot, dummies), with
 * or without a column for a base label. Read as the one column of labels that they stand for, they
 * say the same, and in the only way that the model knows labels.
 */

import { columnOf, type Matrix, matrixOf } from '../maths/matrix.js';
import { levelsByCount, numbered } from './levels.js';

/** A side in which dummies are one column. */
export interface JoinedSide {
  readonly matrix: Matrix;
  /** For each column of `matrix`, the columns as sent that it is made of, in their order. */
  readonly sources: readonly (readonly number[])[];
}

/** A column of two values: the rows of the higher one, a bit each. */
interface Binary {
  readonly column: number;
  readonly set: Uint32Array;
}

/** Labels of which each row has one at most. */
interface Group {
  readonly members: Binary[];
  /** The rows that have one. */
  readonly set: Uint32Array;
}

/** A side as it came. */
export function unjoined(matrix: Matrix): JoinedSide {
  return { matrix, sources: Array.from({ length: matrix.columns }, (_, c) => [c]) };
}

/**
 * Joins columns of two values of which no row has the higher one twice, and others of two values
 * that the labels so found determine. Whatever they stand for, nothing is lost: each combination
 * of values that occurs is a label. A joined column stands where its first dummy stood.
 *
 * Labels are numbered as categories are; of equally frequent ones, the base comes first, then
 * those of earlier columns.
 *
 * @returns the same matrix where there is nothing to join.
 */
export function joinDummies(matrix: Matrix): JoinedSide {
  if (matrix.columns < 2) return unjoined(matrix);
  const binaries = Array.from({ length: matrix.columns }, (_, c) => binary(matrix, c));
  const groups = groupsOf(binaries.filter((column) => column !== undefined));
  const joined = groups
    .map(({ members }) => ({
      sources: members.map(({ column }) => column),
      values: places(members, matrix.rows),
    }))
    // Two that leave no row without are each other's mirror image.
    .filter(({ sources, values }) => sources.length > 2 || values.includes(0));
  if (joined.length === 0) return unjoined(matrix);
  const grouped = new Set(joined.flatMap(({ sources }) => sources));
  const alone: typeof joined = [];
  binaries.forEach((column, c) => {
    if (grouped.has(c)) return;
    const group = column && joined.find(({ values }) => determines(values, column));
    if (group === undefined) alone.push({ sources: [c], values: columnOf(matrix, c) });
    else group.sources.push(c);
  });
  for (const group of joined) {
    group.sources.sort((a, b) => a - b);
    group.values = byFrequency(group.values);
  }
  const columns = [...joined, ...alone].sort(
    (a, b) => (a.sources[0] as number) - (b.sources[0] as number),
  );
  return {
    matrix: matrixOf(columns.map(({ values }) => values)),
    sources: columns.map(({ sources }) => sources),
  };
}

function binary(matrix: Matrix, c: number): Binary | undefined {
  const column = columnOf(matrix, c);
  const [first] = column;
  const other = column.find((value) => value !== first);
  if (first === undefined || other === undefined) return undefined;
  if (column.some((value) => value !== first && value !== other)) return undefined;
  const high = Math.max(first, other);
  const set = new Uint32Array(Math.ceil(column.length / 32));
  column.forEach((value, r) => {
    if (value === high) set[r >>> 5] = (set[r >>> 5] as number) | (1 << (r & 31));
  });
  return { column: c, set };
}

/** Groups of at least two labels. */
function groupsOf(binaries: readonly Binary[]): Group[] {
  const groups: Group[] = [];
  for (const column of binaries) {
    // The latest first: dummies of the same labels mostly stand side by side.
    const group = groups.findLast(({ set }) => areDisjoint(set, column.set));
    if (group === undefined) {
      groups.push({ members: [column], set: column.set.slice() });
      continue;
    }
    group.members.push(column);
    column.set.forEach((bits, i) => {
      group.set[i] = (group.set[i] as number) | bits;
    });
  }
  return groups.filter(({ members }) => members.length > 1);
}

function areDisjoint(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((bits, i) => (bits & (b[i] as number)) === 0);
}

/** For each row the place of its label among the members, from 1; 0 without one. */
function places(members: readonly Binary[], rows: number): Float64Array {
  return Float64Array.from(
    { length: rows },
    (_, r) => members.findIndex(({ set }) => isSet(set, r)) + 1,
  );
}

function isSet(set: Uint32Array, r: number): boolean {
  return ((set[r >>> 5] as number) & (1 << (r & 31))) !== 0;
}

/** Whether rows of one label agree in a column. */
function determines(labels: Float64Array, { set }: Binary): boolean {
  const known = new Map<number, boolean>();
  return labels.every((label, r) => {
    const value = isSet(set, r);
    const before = known.get(label) ?? value;
    known.set(label, before);
    return before === value;
  });
}

function byFrequency(labels: Float64Array): Float64Array {
  // As texts of one length, which are ordered as the numbers are.
  const levels = levelsByCount(labels, (place) => String(place).padStart(6, '0'));
  return numbered(labels, levels);
}
