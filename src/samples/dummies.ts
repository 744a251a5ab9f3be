/**
 * One-hot encoded labels (dummy columns): one column per label, of which one is set in each row,
 * with or without a column for a base label. They are joined into one column of labels, which
 * carries the same information and is the only form of labels that the model was trained on.
 */

import { columnOf, type Matrix, matrixOf } from '../maths/matrix.js';
import { levelsByCount, numbered } from './levels.js';

/** A side whose dummy columns are joined. */
export interface JoinedSide {
  readonly matrix: Matrix;
  /** For each column of `matrix`, the indices of the sent columns it was made from, ascending. */
  readonly sources: readonly (readonly number[])[];
}

/** A column of two values; `set` has one bit per row, which is 1 for the higher value. */
interface Binary {
  readonly column: number;
  readonly set: Uint32Array;
}

/** Columns of which at most one is set in each row. */
interface Group {
  readonly members: Binary[];
  /** The rows in which a member is set. */
  readonly set: Uint32Array;
}

/** A side as sent, without joining columns. */
export function unjoined(matrix: Matrix): JoinedSide {
  return { matrix, sources: Array.from({ length: matrix.columns }, (_, c) => [c]) };
}

/**
 * Joins columns of two values of which at most one has its higher value in each row, and other
 * columns of two values that the resulting labels determine. No information is lost, even if the
 * columns are not dummies: each combination of values that occurs becomes a label. A joined column
 * takes the place of its first dummy.
 *
 * Labels are numbered like categories, the most frequent first. Among equally frequent labels, the
 * base label comes first, then the others in column order.
 *
 * @returns the same matrix if there is nothing to join.
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
    // Two columns of which one is set in every row are mirror images; encoding drops one of them.
    .filter(({ sources, values }) => sources.length > 2 || values.includes(0));
  if (joined.length === 0) return unjoined(matrix);
  const grouped = new Set(joined.flatMap(({ sources }) => sources));
  const unchanged: typeof joined = [];
  binaries.forEach((column, c) => {
    if (grouped.has(c)) return;
    const group = column && joined.find(({ values }) => determines(values, column));
    if (group === undefined) unchanged.push({ sources: [c], values: columnOf(matrix, c) });
    else group.sources.push(c);
  });
  for (const group of joined) {
    group.sources.sort((a, b) => a - b);
    group.values = byFrequency(group.values);
  }
  const columns = [...joined, ...unchanged].sort(
    (a, b) => (a.sources[0] as number) - (b.sources[0] as number),
  );
  return {
    matrix: {
      ...matrixOf(columns.map(({ values }) => values)),
      // Nothing but the labels is left.
      ...(columns.length === 1 ? { nominal: true } : {}),
    },
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

/** Groups of at least two columns. */
function groupsOf(binaries: readonly Binary[]): Group[] {
  const groups: Group[] = [];
  for (const column of binaries) {
    // Try the latest group first: dummies of the same labels are usually adjacent.
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

/** For each row, the 1-based index of the member that is set; 0 if none is. */
function places(members: readonly Binary[], rows: number): Float64Array {
  return Float64Array.from(
    { length: rows },
    (_, r) => members.findIndex(({ set }) => isSet(set, r)) + 1,
  );
}

function isSet(set: Uint32Array, r: number): boolean {
  return ((set[r >>> 5] as number) & (1 << (r & 31))) !== 0;
}

/** Whether rows with equal labels have equal values in a column. */
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
  // Pad to one length, so that the strings sort like the numbers.
  const levels = levelsByCount(labels, (place) => String(place).padStart(6, '0'));
  return numbered(labels, levels);
}
