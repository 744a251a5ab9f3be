import { columnOf, type Matrix, type Samples } from '../samples/samples.js';

/** A column of at most this many values is taken as it is; one of more is cut into bins. */
const DISCRETE_VALUES = 20;

export interface Plugin {
  /** I(X; Y) of the observed frequencies, in nats, at least 0: biased upward. */
  readonly nats: number;
  /** The same less the bias of Miller & Madow, (cells − cells_x − cells_y + 1) / 2N, at least 0. */
  readonly corrected: number;
  /** Of the mean of ln p(x, y) / (p(x) p(y)) over rows. */
  readonly standardError: number;
  /** Whether no column had to be cut into bins. */
  readonly discrete: boolean;
}

/**
 * Mutual information of observed frequencies. Columns of more than 20 values are cut into bins of
 * equal frequency (equal values stay together); the cells of a side are the combinations of its
 * columns' values.
 *
 * @param bins of a column that is cut; by default as many as leave 5 rows a cell of two such
 *   columns, √(rows / 5), in 2…50 (Cochran's rule).
 */
export function plugin(samples: Samples, bins: number = defaultBins(samples.x.rows)): Plugin {
  const { rows } = samples.x;
  const x = cellsOf(samples.x, bins);
  const y = cellsOf(samples.y, bins);
  const both = crossed(x, y);
  const nats = entropyOf(x) + entropyOf(y) - entropyOf(both);
  const bias = (both.count - x.count - y.count + 1) / (2 * rows);
  return {
    nats: Math.max(0, nats),
    corrected: Math.max(0, nats - bias),
    standardError: standardError(x, y, both),
    discrete: x.discrete && y.discrete,
  };
}

function standardError(x: Cells, y: Cells, both: Cells): number {
  const [countsX, countsY, counts] = [countsOf(x), countsOf(y), countsOf(both)];
  const rows = x.of.length;
  let [sum, squares] = [0, 0];
  for (let r = 0; r < rows; r++) {
    const expected =
      (countsX[x.of[r] as number] as number) * (countsY[y.of[r] as number] as number);
    const term = Math.log(((counts[both.of[r] as number] as number) * rows) / expected);
    sum += term / rows;
    squares += (term * term) / rows;
  }
  return Math.sqrt(Math.max(0, squares - sum * sum) / rows);
}

/** Entropy of the observed frequencies of a side's combinations of values, in nats. */
export function discreteEntropy(side: Matrix): number {
  return entropyOf(cellsOf(side, side.rows));
}

export function defaultBins(rows: number): number {
  return Math.min(50, Math.max(2, Math.floor(Math.sqrt(rows / 5))));
}

/** The cell of each row, numbered 0 … count − 1. */
interface Cells {
  readonly of: Int32Array;
  readonly count: number;
  readonly discrete: boolean;
}

function cellsOf(side: Matrix, bins: number): Cells {
  return Array.from({ length: side.columns }, (_, c) =>
    cellsOfColumn(columnOf(side, c), bins),
  ).reduce(crossed);
}

function cellsOfColumn(column: Float64Array, bins: number): Cells {
  const sorted = column.slice().sort();
  const values = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const discrete = values.length <= Math.max(DISCRETE_VALUES, bins);
  const edges = discrete ? values : quantileEdges(sorted, bins);
  return numbered(
    Float64Array.from(column, (value) => placeOf(edges, value)),
    discrete,
  );
}

/** The lowest value of each bin, ascending and distinct. */
function quantileEdges(sorted: Float64Array, bins: number): Float64Array {
  const edges = Float64Array.from(
    { length: bins },
    (_, b) => sorted[Math.floor((b * sorted.length) / bins)] as number,
  );
  return edges.filter((edge, b) => b === 0 || edge !== edges[b - 1]);
}

/** Index of the last edge that is not above a value. */
function placeOf(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((edges[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function crossed(a: Cells, b: Cells): Cells {
  return numbered(
    Float64Array.from(a.of, (cell, row) => cell * b.count + (b.of[row] as number)),
    a.discrete && b.discrete,
  );
}

function numbered(keys: Float64Array, discrete: boolean): Cells {
  const numbers = new Map<number, number>();
  const of = Int32Array.from(keys, (key) => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
  return { of, count: numbers.size, discrete };
}

function entropyOf(cells: Cells): number {
  const rows = cells.of.length;
  return countsOf(cells).reduce((sum, n) => sum - (n / rows) * Math.log(n / rows), 0);
}

function countsOf({ of, count }: Cells): Float64Array {
  const counts = new Float64Array(count);
  for (const cell of of) counts[cell] = (counts[cell] as number) + 1;
  return counts;
}
