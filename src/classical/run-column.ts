import { ALL, NONE, type RunSets } from './run-sets.js';
import type { SortedColumn } from './sorted-column.js';

/** A sorted column with sets of its ranks; the rows near a value are a contiguous run of ranks. */
export class RunColumn {
  /** Index of the column in the search. */
  readonly index: number;
  readonly scale: number;
  readonly #sorted: Float64Array;
  /** The place of each rank in the sets. */
  readonly #places: Int32Array;
  readonly #sets: RunSets;
  readonly #step: number;
  /** `#prefixes[e]` is the set of the first e · step ranks. */
  readonly #prefixes: Int32Array;
  /** The value at each multiple of the step. */
  readonly #ends: Float64Array;

  /**
   * @param placeOf the place of each row.
   * @param sets gets `setsOf(rows, step)` new prefixes.
   * @param step number of ranks between one prefix and the next.
   */
  constructor(
    index: number,
    { sorted, order, scale }: SortedColumn,
    placeOf: Int32Array,
    sets: RunSets,
    step: number,
  ) {
    const runs = setsOf(sorted.length, step) + 1;
    this.index = index;
    this.scale = scale;
    this.#sorted = sorted;
    this.#places = order.map((row) => placeOf[row] as number);
    this.#sets = sets;
    this.#step = step;
    this.#ends = Float64Array.from({ length: runs }, (_, e) => sorted[e * step] as number);
    this.#prefixes = new Int32Array(runs + 1).fill(ALL);
    this.#prefixes[0] = NONE;
    for (let end = 1; end < runs; end++) {
      const more = this.#places.subarray((end - 1) * step, end * step);
      this.#prefixes[end] = sets.add(this.#prefixes[end - 1] as number, more);
    }
  }

  /** Rank of the first value nearer than the radius. */
  from(value: number, radius: number): number {
    return this.#from(this.#firstEnd(value, radius), value, radius);
  }

  /** Rank after the last value nearer than the radius. */
  to(value: number, radius: number): number {
    return this.#to(this.#lastEnd(value, radius), value, radius);
  }

  /**
   * Reduces a working set to the places of the values nearer than the radius.
   *
   * @param exactly if false, some values that are slightly farther may remain.
   */
  intersect(set: number, value: number, radius: number, exactly: boolean): void {
    const first = this.#firstEnd(value, radius);
    const last = this.#lastEnd(value, radius);
    const [sets, prefixes] = [this.#sets, this.#prefixes];
    sets.intersect(set, prefixes[first] as number, prefixes[last] as number);
    if (!exactly) return;
    const [places, step] = [this.#places, this.#step];
    sets.drop(set, places, first * step, this.#from(first, value, radius));
    const to = this.#to(last, value, radius);
    sets.drop(set, places, to, Math.min(places.length, last * step));
  }

  /** The last end whose preceding values are all at least the radius below `value`; 0 if none. */
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

  /** The first end from which on all values are at least the radius above `value`. */
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

  /** @param first result of `#firstEnd`. */
  #from(first: number, value: number, radius: number): number {
    const [sorted, scale] = [this.#sorted, this.scale];
    let rank = first * this.#step;
    while ((value - (sorted[rank] as number)) * scale >= radius) rank++;
    return rank;
  }

  /** @param last result of `#lastEnd`. */
  #to(last: number, value: number, radius: number): number {
    const [sorted, scale] = [this.#sorted, this.scale];
    let rank = Math.min(sorted.length, last * this.#step);
    while (((sorted[rank - 1] as number) - value) * scale >= radius) rank--;
    return rank;
  }
}

/** The number of prefixes of a column, without the empty and the full one. */
export function setsOf(rows: number, step: number): number {
  return Math.ceil(rows / step) - 1;
}
