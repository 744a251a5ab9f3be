/**
 * Low bits of a 32-bit float to drop: its exponent and eight fraction bits then identify a range.
 */
const SHIFT = 15;

/**
 * The values at the given ranks of the ascending order. Only values near these ranks are sorted:
 * the bits of non-negative floats sort as the floats do, so a histogram of leading bits finds them.
 *
 * @param values non-negative, without NaN.
 * @param places 0-based ranks, ascending.
 */
export function orderStatistics(values: Float64Array, places: readonly number[]): Float64Array {
  const ranges = new Uint32Array(new Float32Array(values).buffer);
  const counts = new Uint32Array(2 ** (31 - SHIFT));
  for (let i = 0; i < ranges.length; i++) {
    const range = (ranges[i] as number) >>> SHIFT;
    ranges[i] = range;
    counts[range] = (counts[range] as number) + 1;
  }

  /**
   * For each range that contains a requested rank: its values, and how many values are below it.
   */
  const near = new Map<number, { values: Float64Array; below: number; length: number }>();
  const rangeOf: number[] = [];
  let range = -1;
  let below = 0;
  let upTo = 0;
  for (const place of places) {
    while (upTo <= place) {
      below = upTo;
      upTo += counts[++range] as number;
    }
    rangeOf.push(range);
    if (!near.has(range)) {
      near.set(range, { values: new Float64Array(upTo - below), below, length: 0 });
    }
  }
  const wanted = new Uint8Array(counts.length);
  for (const found of near.keys()) wanted[found] = 1;
  for (let i = 0; i < ranges.length; i++) {
    if (wanted[ranges[i] as number] === 0) continue;
    const group = near.get(ranges[i] as number) as { values: Float64Array; length: number };
    group.values[group.length++] = values[i] as number;
  }
  for (const group of near.values()) group.values.sort();
  return Float64Array.from(places, (place, p) => {
    const group = near.get(rangeOf[p] as number) as { values: Float64Array; below: number };
    return group.values[place - group.below] as number;
  });
}
