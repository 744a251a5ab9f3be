/** Binary searches in ascending arrays. */

/** The first index from which on a condition holds; `length` if it never does. */
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
 * The number of values less than `value`, which is the index of the first value that is not less.
 *
 * @param length number of leading values to search; the rest are ignored.
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

/** The number of values at most `value`, which is the index of the first greater value. */
export function upperBound(sorted: Float64Array, value: number): number {
  return firstIndex(sorted.length, (i) => (sorted[i] as number) > value);
}
