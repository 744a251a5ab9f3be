import type { RunSets } from './run-sets.js';
import type { SortedColumn } from './sorted-column.js';

/** A sorted column among the sets of a search: rows near to a value in it are a run of ranks. */
export class RunColumn {
  /** Of the column among all that are searched. */
  readonly index: number;
  readonly scale: number;
  readonly #sorted: Float64Array;
  /** The place of each rank in the sets. */
  readonly #places: Int32Array;
  readonly #sets: RunSets;
  /** Set e of the column holds the first e · step ranks. */
  readonly #firstSet: number;
  readonly #step: number;
  /** The value at each multiple of the step. */
  readonly #ends: Float64Array;

  /**
   * @param placeOf of each row.
   * @param firstSet of the column's sets, `setsOf(rows, step)` in number.
   */
  constructor(
    index: number,
    { sorted, order, scale }: SortedColumn,
    placeOf: Int32Array,
    sets: RunSets,
    firstSet: number,
    step: number,
  ) {
    const rows = sorted.length;
    this.index = index;
    this.scale = scale;
    this.#sorted = sorted;
    this.#places = order.map((row) => placeOf[row] as number);
    this.#sets = sets;
    this.#firstSet = firstSet;
    this.#step = step;
    const runs = setsOf(rows, step) - 1;
    this.#ends = Float64Array.from({ length: runs }, (_, e) => sorted[e * step] as number);
    for (let end = 1; end <= runs; end++) {
      const set = sets.prefix(firstSet + end);
      set.set(sets.prefix(firstSet + end - 1));
      const last = Math.min(rows, end * step);
      for (let rank = (end - 1) * step; rank < last; rank++) add(set, this.#places[rank] as number);
    }
  }

  /** Rank of the first value nearer than the radius. */
  from(value: number, radius: number): number {
    let rank = this.#firstEnd(value, radius) * this.#step;
    while ((value - (this.#sorted[rank] as number)) * this.scale >= radius) rank++;
    return rank;
  }

  /** Rank after the last value nearer than the radius. */
  to(value: number, radius: number): number {
    let rank = Math.min(this.#sorted.length, this.#lastEnd(value, radius) * this.#step);
    while (((this.#sorted[rank - 1] as number) - value) * this.scale >= radius) rank--;
    return rank;
  }

  /**
   * Leaves in the working set, in its words from…to, the places of the values nearer than the
   * radius.
   *
   * @param exactly false may leave some that are a little farther.
   * @returns the share of all values that are nearer, about.
   */
  intersect(value: number, radius: number, from: number, to: number, exactly: boolean): number {
    const [first, last] = [this.#firstEnd(value, radius), this.#lastEnd(value, radius)];
    const sorted = this.#sorted;
    const step = this.#step;
    this.#sets.intersect(this.#firstSet + first, this.#firstSet + last, from, to);
    if (exactly) {
      const [places, scale, working] = [this.#places, this.scale, this.#sets.working];
      let rank = first * step;
      for (; (value - (sorted[rank] as number)) * scale >= radius; rank++) {
        drop(working, places[rank] as number);
      }
      rank = Math.min(sorted.length, last * step) - 1;
      for (; ((sorted[rank] as number) - value) * scale >= radius; rank--) {
        drop(working, places[rank] as number);
      }
    }
    return ((last - first) * step) / sorted.length;
  }

  /** The last end before which all values lie as far below as the radius, or farther; or 0. */
  #firstEnd(value: number, radius: number): number {
    const [ends, scale] = [this.#ends, this.scale];
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((value - (ends[middle] as number)) * scale >= radius) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The first end from which on all values lie as far above as the radius, or farther. */
  #lastEnd(value: number, radius: number): number {
    const [ends, scale] = [this.#ends, this.scale];
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (((ends[middle] as number) - value) * scale >= radius) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** How many sets a column of so many rows has. */
export function setsOf(rows: number, step: number): number {
  return Math.ceil(rows / step) + 1;
}

function add(set: Int32Array, place: number): void {
  const word = place >>> 5;
  set[word] = (set[word] as number) | (1 << (place & 31));
}

function drop(set: Int32Array, place: number): void {
  const word = place >>> 5;
  set[word] = (set[word] as number) & ~(1 << (place & 31));
}
