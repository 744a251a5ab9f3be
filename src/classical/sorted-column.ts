/** A column of a side, with its rows in ascending order. */
export interface SortedColumn {
  /** Values by row. */
  readonly values: Float64Array;
  /** Positive factor of the column's differences in distances. */
  readonly scale: number;
  /** Values in ascending order. */
  readonly sorted: Float64Array;
  /** The row of each value of `sorted`. */
  readonly order: Int32Array;
}

/** Bits that one pass of the radix sort uses. */
const DIGIT = 11;

/** @param values finite. */
export function sortColumn(values: Float64Array, scale: number): SortedColumn {
  const order = ascending(values);
  const sorted = new Float64Array(values.length);
  for (let rank = 0; rank < sorted.length; rank++) {
    sorted[rank] = values[order[rank] as number] as number;
  }
  return { values, scale, sorted, order };
}

/** Row indices in ascending order of values, by radix sort, which is several times faster. */
function ascending(values: Float64Array): Int32Array {
  const rows = values.length;
  // Two halves of each double, the lower one first, mapped so that they sort as unsigned integers.
  const halves = new Uint32Array(values.slice().buffer);
  for (let i = 1; i < 2 * rows; i += 2) {
    const high = halves[i] as number;
    const mask = high >>> 31 === 1 ? -1 : 0;
    halves[i] = high ^ (mask | 0x80000000);
    halves[i - 1] = (halves[i - 1] as number) ^ mask;
  }
  let order = Int32Array.from({ length: rows }, (_, row) => row);
  let next = new Int32Array(rows);
  const starts = new Int32Array(1 << DIGIT);
  for (const half of [0, 1]) {
    for (let shift = 0; shift < 32; shift += DIGIT) {
      starts.fill(0);
      for (let i = half; i < 2 * rows; i += 2) {
        const digit = ((halves[i] as number) >>> shift) & ((1 << DIGIT) - 1);
        starts[digit] = (starts[digit] as number) + 1;
      }
      let start = 0;
      for (let digit = 0; digit < starts.length; digit++) {
        const size = starts[digit] as number;
        starts[digit] = start;
        start += size;
      }
      for (let rank = 0; rank < rows; rank++) {
        const row = order[rank] as number;
        const digit = ((halves[2 * row + half] as number) >>> shift) & ((1 << DIGIT) - 1);
        const place = starts[digit] as number;
        next[place] = row;
        starts[digit] = place + 1;
      }
      [order, next] = [next, order];
    }
  }
  return order;
}
