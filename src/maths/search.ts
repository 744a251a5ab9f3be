/** Binary searches in ascending arrays. */

/** The first of the indices 0 … length at which a condition that stays true becomes true. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The number of values below a value, which is also the index of the first that is not.
 *
 * @param length how many of the values to search; the rest may hold anything.
 */
export function lowerBound(
  sorted: Float64Array,
  value: number,
  length: number = sorted.length,
): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The number of values up to and including a value: the index of the first above it. */
export function upperBound(sorted: Float64Array, value: number): number {
  return firstIndex(sorted.length, (i) => (sorted[i] as number) > value);
}
