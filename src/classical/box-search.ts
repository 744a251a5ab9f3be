import type { Nearest } from './nearest.js';
import { NeighborSearch } from './neighbor-search.js';
import { RunColumn, setsOf } from './run-column.js';
import { RunSets } from './run-sets.js';
import type { SortedColumn } from './sorted-column.js';

/** Rows that are looked at one by one rather than narrowed down by one more column. */
const FEW = 48;
/** Sets of a column: more take memory, fewer leave more to correct. */
const SETS = 320;
const MOST_SET_BYTES = 64 * 1024 * 1024;

/**
 * Nearest neighbors and counts under the maximum norm, by sets of rows: a row is near when it is
 * near in every column, and in a sorted column the near rows are a run. So the near rows are the
 * intersection of one set a column, taken 32 rows at a time. It takes rows² · columns / 32 steps
 * at most, whatever the number of columns: a tree takes more from about 4 columns on.
 *
 * Rows are numbered by their order in the first of the columns, so that its run is a run of bits
 * and only that part of the other sets is looked at. Answers are those of KdTree, to the bit.
 */
export class BoxSearch extends NeighborSearch {
  /** Those that tell most rows apart first. */
  readonly #columns: readonly RunColumn[];
  /** The row at each place. */
  readonly #order: Int32Array;
  readonly #sets: RunSets;
  /** The words of the working set that are in use. */
  #from = 0;
  #to = 0;

  /** @param columns at least one, of at least one row. */
  constructor(columns: readonly SortedColumn[]) {
    super(columns);
    const { rows, dims } = this;
    const byUse = columns.map((column, index) => ({ column, index, spread: spreadOf(column) }));
    byUse.sort((a, b) => b.spread - a.spread);
    const { order } = (byUse[0] as { column: SortedColumn }).column;
    this.#order = order;
    const placeOf = new Int32Array(rows);
    for (let p = 0; p < rows; p++) placeOf[order[p] as number] = p;
    this.place(columns, order);
    const step = stepFor(rows, dims);
    const sets = new RunSets(rows, dims * setsOf(rows, step));
    this.#sets = sets;
    this.#columns = byUse.map(
      ({ column, index }, use) =>
        new RunColumn(index, column, placeOf, sets, use * setsOf(rows, step), step),
    );
  }

  override countsWithin(radii: Float64Array): Int32Array {
    const result = new Int32Array(this.rows);
    for (let q = 0; q < this.rows; q++) {
      const row = this.#order[q] as number;
      const radius = radii[row] as number;
      // Within a radius of 0 lies nothing; else a row is as near to itself as can be.
      if (radius > 0) result[row] = this.#countWithin(q, radius) - 1;
    }
    return result;
  }

  #countWithin(q: number, radius: number): number {
    const done = this.#narrow(q, radius, true);
    if (done === this.dims) return this.#size();
    let count = 0;
    const set = this.#sets.working;
    for (let word = this.#from; word <= this.#to; word++) {
      for (let bits = set[word] as number; bits !== 0; bits &= bits - 1) {
        if (this.#within(32 * word + lowest(bits), q, done, radius)) count++;
      }
    }
    return count;
  }

  /**
   * The rows beside each in the first column give a bound for the distance of its nearest; of the
   * rest, only those within it in every column need be looked at.
   */
  protected override visitNearest(
    nearest: Nearest,
    split: number,
    visit: (row: number, nearest: Nearest) => void,
  ): void {
    const rows = this.rows;
    const set = this.#sets.working;
    // As many rows beside as will be left within the bound they give, were they any rows.
    const beside = Math.min(rows, Math.max(nearest.k + 1, Math.ceil(Math.sqrt(nearest.k * rows))));
    for (let q = 0; q < rows; q++) {
      nearest.clear();
      const from = Math.min(rows - beside, Math.max(0, q - (beside >> 1)));
      const to = from + beside;
      for (let p = from; p < to; p++) this.show(p, q, split, nearest);
      if (nearest.bound > 0 && beside < rows) {
        this.#narrow(q, nearest.bound, false);
        for (let word = this.#from; word <= this.#to; word++) {
          for (let bits = set[word] as number; bits !== 0; bits &= bits - 1) {
            const p = 32 * word + lowest(bits);
            if (p < from || p >= to) this.show(p, q, split, nearest);
          }
        }
      }
      visit(this.#order[q] as number, nearest);
    }
  }

  /**
   * Leaves in the set the rows nearer to a place than the radius in each of the first columns, by
   * their order of use: in all, or as many as it takes to leave few.
   *
   * @param exactly false may leave some that are a little farther.
   * @returns how many columns were used.
   */
  #narrow(q: number, radius: number, exactly: boolean): number {
    const [dims, points, set] = [this.dims, this.points, this.#sets.working];
    const first = this.#columns[0] as RunColumn;
    const value = points[q * dims + first.index] as number;
    const from = first.from(value, radius);
    const to = first.to(value, radius);
    this.#from = from >>> 5;
    this.#to = (to - 1) >>> 5;
    set.fill(-1, this.#from, this.#to + 1);
    set[this.#from] = (set[this.#from] as number) & (-1 << (from & 31));
    set[this.#to] = (set[this.#to] as number) & (-1 >>> (31 - ((to - 1) & 31)));
    let left = to - from;
    let done = 1;
    for (; done < dims; done++) {
      if (left < FEW) {
        // Columns that go together leave more than their shares would, taken one by one.
        const size = this.#size();
        if (size < 2 * FEW) return done;
        left = size;
      }
      const column = this.#columns[done] as RunColumn;
      const here = points[q * dims + column.index] as number;
      left *= column.intersect(here, radius, this.#from, this.#to, exactly);
    }
    return done;
  }

  #size(): number {
    const set = this.#sets.working;
    let size = 0;
    for (let word = this.#from; word <= this.#to; word++) size += ones(set[word] as number);
    return size;
  }

  /** Whether two places are nearer than the radius in the columns not used yet. */
  #within(p: number, q: number, done: number, radius: number): boolean {
    const [dims, points] = [this.dims, this.points];
    for (let i = done; i < dims; i++) {
      const { index, scale } = this.#columns[i] as RunColumn;
      const difference =
        (points[p * dims + index] as number) - (points[q * dims + index] as number);
      if (Math.abs(difference) * scale >= radius) return false;
    }
    return true;
  }
}

/** Ranks from one set of a column to the next. */
function stepFor(rows: number, columns: number): number {
  const affordable = Math.floor((8 * MOST_SET_BYTES) / (rows * columns));
  return Math.max(32, Math.ceil(rows / Math.max(1, Math.min(SETS, affordable))));
}

/** Distance of the quartiles: it tells nothing apart within a column's middle values if it is 0. */
function spreadOf({ sorted, scale }: SortedColumn): number {
  const quarter = sorted.length >> 2;
  return scale * ((sorted[sorted.length - 1 - quarter] as number) - (sorted[quarter] as number));
}

/** Place of the lowest bit that is set. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** How many bits are set. */
function ones(bits: number): number {
  let sum = bits - ((bits >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  sum = (sum + (sum >>> 4)) & 0x0f0f0f0f;
  return Math.imul(sum, 0x01010101) >>> 24;
}
