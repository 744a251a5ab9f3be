/** A column of a side, in ascending order. */
export interface SortedColumn {
  /** By row. */
  readonly values: Float64Array;
  /** What a difference counts in a distance; above 0. */
  readonly scale: number;
  /** Ascending. */
  readonly sorted: Float64Array;
  /** The row of each value of `sorted`. */
  readonly order: Int32Array;
}

/** @param values finite. */
export function sortColumn(values: Float64Array, scale: number): SortedColumn {
  const sorted = values.slice().sort();
  const order = new Int32Array(values.length);
  const taken = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    const first = firstIndex(sorted, (other) => other >= value);
    order[first + (taken[first] as number)] = row;
    taken[first] = (taken[first] as number) + 1;
  }
  return { values, scale, sorted, order };
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
