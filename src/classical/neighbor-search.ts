import { Nearest } from './nearest.js';
import type { SortedColumn } from './sorted-column.js';

/** Part number `from`, counted from 0, of `of` equal parts of the rows. */
export interface Share {
  readonly from: number;
  readonly of: number;
}

export const WHOLE: Share = { from: 0, of: 1 };

/** The distance reported for rows outside the share; no row is nearer than it. */
const NOT_SEARCHED = -1;

/**
 * Finds the neighbors of rows among all rows, under the maximum norm.
 *
 * The distance of two rows is max over columns of |a − b| · scale. The difference is taken before
 * scaling, so that equal differences, such as those of integers, stay exactly equal, and so do
 * ties.
 */
export abstract class NeighborSearch {
  protected readonly rows: number;
  protected readonly dims: number;
  protected readonly scales: Float64Array;
  /** [place][column]: each search has its own order of rows. */
  protected readonly points: Float64Array;

  /** @param columns at least one column with at least one row. */
  constructor(columns: readonly SortedColumn[]) {
    this.rows = columns[0]?.values.length ?? 0;
    this.dims = columns.length;
    this.scales = Float64Array.from(columns, ({ scale }) => scale);
    this.points = new Float64Array(this.rows * this.dims);
  }

  /** The number of other rows nearer to each row than its radius (exclusive). */
  abstract countsWithin(radii: Float64Array): Int32Array;

  /**
   * Collects the k nearest neighbors of each row and then calls `visit` with the row.
   *
   * @param nearest the collector, reused for each row.
   * @param from the first place to search for, and `to` the one after the last.
   * @param split number of columns in the first of two groups, whose distances are kept separately.
   */
  protected abstract visitNearest(
    nearest: Nearest,
    { from, to }: { from: number; to: number },
    split: number,
    visit: (row: number) => void,
  ): void;

  /**
   * Distance from each row to its k-th nearest other row; k < rows.
   *
   * @param share the rows to search for; the others get a negative number.
   */
  kthDistances(k: number, share: Share = WHOLE): Float64Array {
    const result = new Float64Array(this.rows).fill(NOT_SEARCHED);
    const nearest = new Nearest(k, { ties: false });
    this.visitNearest(nearest, this.#placesOf(share), this.dims, (row) => {
      result[row] = nearest.farthest;
    });
    return result;
  }

  /**
   * The smallest rectangle around each row that contains its k nearest neighbors and all that tie
   * with the k-th, in two groups of columns.
   *
   * @param split number of columns in the first group.
   * @param share the rows to search for; the others get negative numbers.
   * @returns half the rectangle's side length in each group.
   */
  rectangles(
    k: number,
    split: number,
    share: Share = WHOLE,
  ): { first: Float64Array; second: Float64Array } {
    const result = {
      first: new Float64Array(this.rows).fill(NOT_SEARCHED),
      second: new Float64Array(this.rows).fill(NOT_SEARCHED),
    };
    const nearest = new Nearest(k, { ties: true });
    this.visitNearest(nearest, this.#placesOf(share), split, (row) => {
      const { first, second } = nearest.edges();
      result.first[row] = first;
      result.second[row] = second;
    });
    return result;
  }

  #placesOf({ from, of }: Share): { from: number; to: number } {
    const start = (part: number) => Math.floor((part * this.rows) / of);
    return { from: start(from), to: start(from + 1) };
  }

  /**
   * Fills `points`.
   *
   * @param order the row at each place.
   */
  protected setPoints(columns: readonly SortedColumn[], order: Int32Array): void {
    const { rows, dims, points } = this;
    columns.forEach(({ values }, c) => {
      for (let p = 0; p < rows; p++) points[p * dims + c] = values[order[p] as number] as number;
    });
  }

  /** Adds place p to the neighbors of place q if it is near enough. */
  protected offer(p: number, q: number, split: number, nearest: Nearest): void {
    if (p === q) return;
    const first = this.distance(p, q, 0, split, nearest.bound);
    if (first >= nearest.bound) return;
    const second = this.distance(p, q, split, this.dims, nearest.bound);
    if (second < nearest.bound) nearest.add(first, second);
  }

  /** Distance of two places over the columns from…to − 1; any number ≥ bound if it is that far. */
  protected distance(p: number, q: number, from: number, to: number, bound: number): number {
    const { dims, points, scales } = this;
    let largest = 0;
    for (let c = from; c < to; c++) {
      const difference = (points[p * dims + c] as number) - (points[q * dims + c] as number);
      const d = Math.abs(difference) * (scales[c] as number);
      if (d > largest) {
        if (d >= bound) return d;
        largest = d;
      }
    }
    return largest;
  }
}
