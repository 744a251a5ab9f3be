import { columnOf, type Matrix } from './matrix.js';

/** Which cell each row falls into; cells are numbered 0 … count − 1 in order of appearance. */
export interface Cells {
  readonly of: Int32Array;
  readonly count: number;
}

/** Cells of equal keys. */
export function cellsOf(keys: Float64Array): Cells {
  const numbers = new Map<number, number>();
  const of = Int32Array.from(keys, (key) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
  return { of, count: numbers.size };
}

/** Cells of rows that share a cell in both. */
export function crossed(a: Cells, b: Cells): Cells {
  return cellsOf(Float64Array.from(a.of, (cell, row) => cell * b.count + (b.of[row] as number)));
}

/** Rows in each cell. */
export function countsOf({ of, count }: Cells): Float64Array {
  const counts = new Float64Array(count);
  for (const cell of of) counts[cell] = (counts[cell] as number) + 1;
  return counts;
}

/** Entropy of the observed frequencies of cells, in nats. */
export function entropyOf(cells: Cells): number {
  const rows = cells.of.length;
  return countsOf(cells).reduce((sum, n) => sum - (n / rows) * Math.log(n / rows), 0);
}

/** Entropy of the observed frequencies of a side's combinations of values, in nats. */
export function discreteEntropy(side: Matrix): number {
  const columns = Array.from({ length: side.columns }, (_, c) => cellsOf(columnOf(side, c)));
  return entropyOf(columns.reduce(crossed));
}
