import { ascending, type Ordered } from '../samples/order.js';

/** A column of a side, with its rows in ascending order. */
export interface SortedColumn extends Ordered {
  /** By row. */
  readonly values: Float64Array;
  /** What a difference counts in a distance; above 0. */
  readonly scale: number;
}

/** @param values finite. */
export function sortColumn(values: Float64Array, scale: number): SortedColumn {
  return { values, scale, ...ascending(values) };
}

/** First index of an ascending array from which on a condition holds. */
export function firstIndex(sorted: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
