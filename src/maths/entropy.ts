import { columnOf, type Matrix } from './matrix.js';

/** The cell of each row; cells are numbered 0 … count − 1 in order of appearance. */
export interface Cells {
  readonly of: Int32Array;
  readonly count: number;
}

/** Puts rows with equal keys into one cell. */
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

/** Puts rows that share a cell in both `a` and `b` into one cell. */
export function crossed(a: Cells, b: Cells): Cells {
  return cellsOf(Float64Array.from(a.of, (cell, row) => cell * b.count + (b.of[row] as number)));
}

/** The number of rows in each cell. */
export function countsOf({ of, count }: Cells): Float64Array {
  const counts = new Float64Array(count);
  for (const cell of of) counts[cell] = (counts[cell] as number) + 1;
  return counts;
}

/** Entropy of the observed cell frequencies, in nats. */
export function entropyOf(cells: Cells): number {
  return entropyOfCounts(countsOf(cells), cells.of.length);
}

/** Entropy of observed frequencies, in nats. */
export function entropyOfCounts(counts: Float64Array, total: number): number {
  return counts.reduce((sum, n) => sum - (n / total) * Math.log(n / total), 0);
}

/** Entropy of the observed frequencies of the distinct rows of a side, in nats. */
export function discreteEntropy(side: Matrix): number {
  const columns = Array.from({ length: side.columns }, (_, c) => cellsOf(columnOf(side, c)));
  return entropyOf(columns.reduce(crossed));
}
