import { Nearest } from './nearest.js';
import type { SortedColumn } from './sorted-column.js';

/** The `from`-th of `of` equal parts. */
export interface Share {
  readonly from: number;
  readonly of: number;
}

export const WHOLE: Share = { from: 0, of: 1 };

/** What stands for the distance of a row that was not asked for: no other row is that near. */
const NOT_ASKED = -1;

/**
 * Rows among which each row's neighbors are found, under the maximum norm.
 *
 * The distance of two rows is max over columns of |a − b| · scale. The difference is taken before
 * the scale: equal differences, such as those of whole numbers, stay exactly equal, and so do ties.
 */
export abstract class NeighborSearch {
  protected readonly rows: number;
  protected readonly dims: number;
  protected readonly scales: Float64Array;
  /** [place][column]: rows stand in an order of the search's own. */
  protected readonly points: Float64Array;

  /** @param columns at least one, of at least one row. */
  constructor(columns: readonly SortedColumn[]) {
    this.rows = columns[0]?.values.length ?? 0;
    this.dims = columns.length;
    this.scales = Float64Array.from(columns, ({ scale }) => scale);
    this.points = new Float64Array(this.rows * this.dims);
  }

  /** How many other rows lie nearer to each row than its radius (the radius excluded). */
  abstract countsWithin(radii: Float64Array): Int32Array;

  /**
   * Collects the nearest k of each row and shows them.
   *
   * @param nearest used anew for each row.
   * @param from the first place whose row is asked for, and `to` the one after the last.
   * @param split of the columns into two groups, whose distances are kept apart.
   */
  protected abstract visitNearest(
    nearest: Nearest,
    { from, to }: { from: number; to: number },
    split: number,
    visit: (row: number) => void,
  ): void;

  /**
   * Distance from each row to its k-th neighbor, itself left out; k < rows.
   *
   * @param share of the rows; the others get a negative number.
   */
  kthDistances(k: number, share: Share = WHOLE): Float64Array {
    const result = new Float64Array(this.rows).fill(NOT_ASKED);
    const nearest = new Nearest(k, { ties: false });
    this.visitNearest(nearest, this.#placesOf(share), this.dims, (row) => {
      result[row] = nearest.farthest;
    });
    return result;
  }

  /**
   * The smallest rectangle about each row that holds its k nearest neighbors, and all that tie for
   * the k-th place, in two groups of columns.
   *
   * @param split the first group is the columns before it.
   * @param share of the rows; the others get negative numbers.
   * @returns half the rectangle's length in each group.
   */
  rectangles(
    k: number,
    split: number,
    share: Share = WHOLE,
  ): { first: Float64Array; second: Float64Array } {
    const result = {
      first: new Float64Array(this.rows).fill(NOT_ASKED),
      second: new Float64Array(this.rows).fill(NOT_ASKED),
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

  /** @param order the row at each place. */
  protected place(columns: readonly SortedColumn[], order: Int32Array): void {
    const { rows, dims, points } = this;
    columns.forEach(({ values }, c) => {
      for (let p = 0; p < rows; p++) points[p * dims + c] = values[order[p] as number] as number;
    });
  }

  /** Adds a place to the nearest of another if it is one of them. */
  protected show(p: number, q: number, split: number, nearest: Nearest): void {
    if (p === q) return;
    const first = this.distance(p, q, 0, split, nearest.bound);
    if (first >= nearest.bound) return;
    const second = this.distance(p, q, split, this.dims, nearest.bound);
    if (second < nearest.bound) nearest.add(first, second);
  }

  /** Distance of two places over the columns from…to − 1; some number ≥ bound once that far. */
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
