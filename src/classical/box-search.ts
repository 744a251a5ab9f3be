import { type Nearest, nextUp } from './nearest.js';
import { NeighborSearch } from './neighbor-search.js';
import { RunColumn, setsOf } from './run-column.js';
import { RunSets } from './run-sets.js';
import type { SortedColumn } from './sorted-column.js';

/** With fewer candidates left, their distances are computed instead of intersecting more sets. */
const FEW = 48;
/** Sets per column: more need more memory, fewer leave more rows to correct at the edges. */
const SETS = 192;
/** Memory limit of all sets. */
const MOST_SET_BYTES = 64 * 1024 * 1024;
/** Rows searched together: the working sets of more rows no longer fit into the cache. */
const TOGETHER = 96;
/** Share of rows whose nearest neighbors should lie within the radius that is tried first. */
const MOST = 0.9;

/**
 * Nearest neighbors and neighbor counts under the maximum norm, by intersecting sets of rows. A row
 * is near if it is near in every column, and in a sorted column the near rows are a contiguous run.
 * The near rows are therefore the intersection of one set per column, computed 128 rows at a time.
 * It takes at most rows² · columns / 128 steps; from about 4 columns on, a tree takes longer.
 *
 * Many rows are searched together, one column after the other, because the sets of one column fit
 * into the cache and those of all columns do not. Rows are numbered by their order in the first
 * column, so that the run of that column is a run of bits and only this part of the other sets is
 * read. The results are identical to those of KdTree, to the bit.
 */
export class BoxSearch extends NeighborSearch {
  /** The columns with the largest spread first. */
  readonly #columns: readonly RunColumn[];
  /** The row at each place. */
  readonly #order: Int32Array;
  readonly #sets: RunSets;
  /** For each working set: the place of the row it belongs to, and its radius. */
  readonly #centers: Int32Array;
  readonly #radii: Float64Array;
  /** A buffer for the places in a working set. */
  readonly #listed: Int32Array;

  /** @param columns at least one column with at least one row. */
  constructor(columns: readonly SortedColumn[]) {
    super(columns);
    const { rows, dims } = this;
    const byUse = columns.map((column, index) => ({ column, index, spread: spreadOf(column) }));
    byUse.sort((a, b) => b.spread - a.spread);
    const { order } = (byUse[0] as { column: SortedColumn }).column;
    this.#order = order;
    const placeOf = new Int32Array(rows);
    for (let p = 0; p < rows; p++) placeOf[order[p] as number] = p;
    this.setPoints(columns, order);
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
      // No row is nearer than a radius of 0.
      if (radius > 0) {
        this.#centers[count] = q;
        this.#radii[count++] = radius;
      }
      if (count < together && q < this.rows - 1) continue;
      this.#narrow(count, true);
      for (let set = 0; set < count; set++) {
        // The row itself does not count.
        result[this.#order[this.#centers[set] as number] as number] = this.#size(set) - 1;
      }
      count = 0;
    }
    return result;
  }

  /**
   * The rows next to a row in the first column give a radius that contains its nearest neighbors
   * and many other rows. A smaller radius is tried first: the fraction of it that was enough for
   * most of the previous rows.
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

  /**
   * Collects the nearest of the rows next to a place; returns a radius that contains at least k.
   */
  #radiusBeside(q: number, split: number, nearest: Nearest): number {
    const { rows } = this;
    const beside = Math.min(
      rows,
      Math.max(nearest.k + 1, Math.ceil(Math.sqrt(nearest.k * rows) / 2)),
    );
    const from = Math.min(rows - beside, Math.max(0, q - (beside >> 1)));
    nearest.clear(Infinity);
    for (let p = from; p < from + beside; p++) this.offer(p, q, split, nearest);
    return nextUp(nearest.farthest);
  }

  /**
   * Collects the nearest within the radius of a working set; returns false if fewer than k exist.
   */
  #collect(set: number, split: number, nearest: Nearest): boolean {
    const [q, listed] = [this.#centers[set] as number, this.#listed];
    nearest.clear(this.#radii[set] as number);
    this.#sets.list(set, listed);
    const left = this.#sets.left[set] as number;
    for (let i = 0; i < left; i++) this.offer(listed[i] as number, q, split, nearest);
    return nearest.farthest < Infinity;
  }

  /**
   * Reduces each working set to the rows nearer to its center than its radius, in all columns or
   * until few rows are left.
   *
   * @param count number of working sets.
   * @param exactly if false, some rows that are slightly farther may remain.
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

  /** The number of rows nearer to the center of a working set than its radius, in all columns. */
  #size(set: number): number {
    const [listed, q, radius] = [
      this.#listed,
      this.#centers[set] as number,
      this.#radii[set] as number,
    ];
    const left = this.#sets.left[set] as number;
    // All columns have been intersected.
    if (left >= FEW) return left;
    this.#sets.list(set, listed);
    let size = 0;
    for (let i = 0; i < left; i++) {
      if (this.distance(listed[i] as number, q, 0, this.dims, radius) < radius) size++;
    }
    return size;
  }
}

/** The number of ranks between one set of a column and the next. */
function stepFor(rows: number, columns: number): number {
  const affordable = Math.floor((8 * MOST_SET_BYTES) / (rows * columns));
  return Math.max(32, Math.ceil(rows / Math.max(1, Math.min(SETS, affordable))));
}

/** Scaled interquartile range; 0 if the middle half of the values is constant. */
function spreadOf({ sorted, scale }: SortedColumn): number {
  const quarter = sorted.length >> 2;
  return scale * ((sorted[sorted.length - 1 - quarter] as number) - (sorted[quarter] as number));
}
