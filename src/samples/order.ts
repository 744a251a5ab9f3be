/** Values in ascending order. */
export interface Ordered {
  readonly sorted: Float64Array;
  /** The place of each in the values given; equal ones as they came. */
  readonly order: Int32Array;
}

/**
 * Orders numbers some times faster than a sort by comparison: the numbers alone are sorted, and
 * each finds its place among them.
 */
export function ascending(values: Float64Array): Ordered {
  const sorted = values.slice().sort();
  const order = new Int32Array(values.length);
  const taken = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    order[low + (taken[low] as number)] = i;
    taken[low] = (taken[low] as number) + 1;
  }
  return { sorted, order };
}
