import { type Cells, cellsOf, countsOf, crossed, entropyOf } from '../maths/entropy.js';
import { columnOf, type Matrix } from '../maths/matrix.js';
import { upperBound } from '../maths/search.js';
import type { Samples } from '../samples/samples.js';

/** Columns with more distinct values than this are cut into bins. */
const DISCRETE_VALUES = 20;

export interface Plugin {
  /** I(X; Y) of the observed frequencies, in nats; at least 0 and biased upward. */
  readonly nats: number;
  /** `nats` minus the Miller–Madow bias (cells − cells_x − cells_y + 1) / 2N, at least 0. */
  readonly corrected: number;
  /** Standard error of the mean over rows of ln [p(x, y) / (p(x) p(y))], in nats. */
  readonly standardError: number;
  /** Whether no column was cut into bins. */
  readonly discrete: boolean;
}

/**
 * Mutual information of observed frequencies. Columns with more than 20 distinct values are cut
 * into bins of equal frequency (equal values share a bin). The cells of a side are the combinations
 * of its columns' values.
 *
 * @param bins bins per column that is cut. The default √(rows / 5), in 2…50, leaves 5 rows per cell
 *   of two such columns (Cochran's rule).
 */
export function plugin(samples: Samples, bins: number = defaultBins(samples.x.rows)): Plugin {
  const { rows } = samples.x;
  const x = sideCells(samples.x, bins);
  const y = sideCells(samples.y, bins);
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

/** The default number of bins; see `plugin`. */
export function defaultBins(rows: number): number {
  return Math.min(50, Math.max(2, Math.floor(Math.sqrt(rows / 5))));
}

/** The cells of a side, and whether none of its columns was cut into bins. */
interface SideCells extends Cells {
  readonly discrete: boolean;
}

function sideCells(side: Matrix, bins: number): SideCells {
  const columns = Array.from({ length: side.columns }, (_, c) =>
    columnCells(columnOf(side, c), bins),
  );
  return {
    ...columns.map(({ cells }) => cells).reduce(crossed),
    discrete: columns.every(({ discrete }) => discrete),
  };
}

function columnCells(column: Float64Array, bins: number): { cells: Cells; discrete: boolean } {
  const sorted = column.slice().sort();
  const values = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const discrete = values.length <= Math.max(DISCRETE_VALUES, bins);
  if (discrete) return { cells: cellsOf(column), discrete };
  const edges = quantileEdges(sorted, bins);
  // A value belongs to the bin of the last edge that is at most the value.
  return { cells: cellsOf(column.map((value) => upperBound(edges, value) - 1)), discrete };
}

/** The lowest value of each bin, ascending and distinct. */
function quantileEdges(sorted: Float64Array, bins: number): Float64Array {
  const edges = Float64Array.from(
    { length: bins },
    (_, b) => sorted[Math.floor((b * sorted.length) / bins)] as number,
  );
  return edges.filter((edge, b) => b === 0 || edge !== edges[b - 1]);
}
