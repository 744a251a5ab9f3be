/** A column of a side, with its rows in ascending order. */
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
  const order = Int32Array.from(values, (_, row) => row);
  order.sort((a, b) => (values[a] as number) - (values[b] as number));
  const sorted = new Float64Array(values.length);
  for (let rank = 0; rank < sorted.length; rank++) {
    sorted[rank] = values[order[rank] as number] as number;
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
