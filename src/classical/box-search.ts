import { type Nearest, nextUp } from './nearest.js';
import { NeighborSearch } from './neighbor-search.js';
import { RunColumn, setsOf } from './run-column.js';
import { RunSets } from './run-sets.js';
import type { SortedColumn } from './sorted-column.js';

/** Rows that are looked at one by one rather than narrowed down by one more column. */
const FEW = 48;
/** Sets of a column: more take memory, fewer leave more to correct. */
const SETS = 192;
const MOST_SET_BYTES = 64 * 1024 * 1024;
/** Rows searched at a time: the working sets of more leave the cache, fewer use it less. */
const TOGETHER = 96;
/** Share of rows whose nearest are to lie within the radius that is tried first. */
const MOST = 0.9;

/**
 * Nearest neighbors and counts under the maximum norm, by sets of rows: a row is near when it is
 * near in every column, and in a sorted column the near rows are a run. So the near rows are the
 * intersection of one set a column, taken 128 rows at a time. It takes rows² · columns / 128 steps
 * at most, whatever the number of columns: a tree takes more from about 4 columns on.
 *
 * Many rows' neighbors are searched at a time, one column after the other, as a column's sets fit
 * into the cache and those of all do not. Rows are numbered by their order in the first of the
 * columns, so that its run is a run of bits and only that part of the other sets is looked at.
 * Answers are those of KdTree, to the bit.
 */
export class BoxSearch extends NeighborSearch {
  /** Those that tell most rows apart first. */
  readonly #columns: readonly RunColumn[];
  /** The row at each place. */
  readonly #order: Int32Array;
  readonly #sets: RunSets;
  /** For each working set: the place it is about, and the radius. */
  readonly #centers: Int32Array;
  readonly #radii: Float64Array;
  /** The places in a working set. */
  readonly #listed: Int32Array;

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
    const together = Math.min(rows, TOGETHER);
    const sets = new RunSets(rows, together, dims * setsOf(rows, step));
    this.#sets = sets;
    this.#columns = byUse.map(
      ({ column, index }) => new RunColumn(index, column, placeOf, sets, step),
    );
    this.#centers = new Int32Array(together);
    this.#radii = new Float64Array(together);
    this.#listed = new Int32Array(rows);
  }

  override countsWithin(radii: Float64Array): Int32Array {
    const result = new Int32Array(this.rows);
    const together = this.#centers.length;
    let count = 0;
    for (let q = 0; q < this.rows; q++) {
      const radius = radii[this.#order[q] as number] as number;
      // Within a radius of 0 lies nothing.
      if (radius > 0) {
        this.#centers[count] = q;
        this.#radii[count++] = radius;
      }
      if (count < together && q < this.rows - 1) continue;
      this.#narrow(count, true);
      for (let set = 0; set < count; set++) {
        // A row is as near to itself as can be.
        result[this.#order[this.#centers[set] as number] as number] = this.#size(set) - 1;
      }
      count = 0;
    }
    return result;
  }

  /**
   * Some rows beside each in the first column give a radius that holds its nearest, and many more.
   * A smaller one is tried first: such a part of it as did for most of the rows before.
   */
  protected override visitNearest(
    nearest: Nearest,
    { from, to }: { from: number; to: number },
    split: number,
    visit: (row: number) => void,
  ): void {
    const [centers, radii] = [this.#centers, this.#radii];
    const together = centers.length;
    const wide = new Float64Array(together);
    let part = 1;
    for (let start = from; start < to; start += together) {
      let count = 0;
      for (let q = start; q < Math.min(to, start + together); q++) {
        const radius = this.#radiusBeside(q, split, nearest);
        if (nearest.bound === 0) {
          visit(this.#order[q] as number);
        } else {
          centers[count] = q;
          wide[count] = radius;
          radii[count++] = nextUp(part * radius);
        }
      }
      const parts: number[] = [];
      while (count > 0) {
        this.#narrow(count, false);
        let again = 0;
        for (let set = 0; set < count; set++) {
          const q = centers[set] as number;
          const radius = wide[set] as number;
          if (this.#collect(set, split, nearest)) {
            visit(this.#order[q] as number);
            parts.push(nearest.farthest / radius);
          } else {
            centers[again] = q;
            wide[again] = radius;
            radii[again++] = radius;
          }
        }
        count = again;
      }
      parts.sort((a, b) => a - b);
      part = parts[Math.floor(MOST * parts.length)] ?? part;
    }
  }

  /** Collects the nearest beside a place: at least k rows are nearer than what it returns. */
  #radiusBeside(q: number, split: number, nearest: Nearest): number {
    const { rows } = this;
    const beside = Math.min(
      rows,
      Math.max(nearest.k + 1, Math.ceil(Math.sqrt(nearest.k * rows) / 2)),
    );
    const from = Math.min(rows - beside, Math.max(0, q - (beside >> 1)));
    nearest.clear(Infinity);
    for (let p = from; p < from + beside; p++) this.show(p, q, split, nearest);
    return nextUp(nearest.farthest);
  }

  /** Collects the nearest within the radius of a working set: false if there are fewer than k. */
  #collect(set: number, split: number, nearest: Nearest): boolean {
    const [q, listed] = [this.#centers[set] as number, this.#listed];
    nearest.clear(this.#radii[set] as number);
    this.#sets.list(set, listed);
    const left = this.#sets.left[set] as number;
    for (let i = 0; i < left; i++) this.show(listed[i] as number, q, split, nearest);
    return nearest.farthest < Infinity;
  }

  /**
   * Leaves in each working set the rows nearer to its center than its radius in all columns, or
   * in as many as it takes to leave few.
   *
   * @param count of the working sets.
   * @param exactly false may leave some that are a little farther.
   */
  #narrow(count: number, exactly: boolean): void {
    const { dims, points } = this;
    const [centers, radii] = [this.#centers, this.#radii];
    const { left } = this.#sets;
    for (let use = 0; use < dims; use++) {
      const column = this.#columns[use] as RunColumn;
      for (let set = 0; set < count; set++) {
        const value = points[(centers[set] as number) * dims + column.index] as number;
        const radius = radii[set] as number;
        if (use === 0) {
          this.#sets.start(set, column.from(value, radius), column.to(value, radius));
        } else if ((left[set] as number) >= FEW) {
          column.intersect(set, value, radius, exactly);
        }
      }
    }
  }

  /** How many rows are nearer to the center of a working set than its radius, in all columns. */
  #size(set: number): number {
    const [listed, q, radius] = [
      this.#listed,
      this.#centers[set] as number,
      this.#radii[set] as number,
    ];
    const left = this.#sets.left[set] as number;
    // All columns have been used.
    if (left >= FEW) return left;
    this.#sets.list(set, listed);
    let size = 0;
    for (let i = 0; i < left; i++) {
      if (this.distance(listed[i] as number, q, 0, this.dims, radius) < radius) size++;
    }
    return size;
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
