/** Leading bits of a 32-bit float that tell ranges apart: its exponent and eight of its fraction. */
const SHIFT = 15;

/**
 * The values at places of the ascending order. Only the values near them are sorted: as their bits
 * order non-negative floats, a histogram of leading bits says which those are.
 *
 * @param values none negative, none NaN.
 * @param places ascending, from 0.
 */
export function orderStatistics(values: Float64Array, places: readonly number[]): Float64Array {
  const ranges = new Uint32Array(new Float32Array(values).buffer);
  const counts = new Uint32Array(2 ** (31 - SHIFT));
  for (let i = 0; i < ranges.length; i++) {
    const range = (ranges[i] as number) >>> SHIFT;
    ranges[i] = range;
    counts[range] = (counts[range] as number) + 1;
  }

  /** Values of the ranges that hold a place, and how many values are below each range. */
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
