/**
 * q-values by Benjamini & Hochberg (1995): rejecting all tests with q ≤ 0.05 gives at most 5 %
 * false discoveries on average, for independent and positively dependent tests.
 *
 * @param pValues in any order.
 * @returns in the same order, each at least its p-value and at most 1.
 */
export function qValues(pValues: readonly number[]): number[] {
  const count = pValues.length;
  const order = pValues.map((_, i) => i).sort((a, b) => at(pValues, b) - at(pValues, a));
  const q = new Array<number>(count);
  let smallest = 1;
  order.forEach((i, place) => {
    smallest = Math.min(smallest, (at(pValues, i) * count) / (count - place));
    q[i] = smallest;
  });
  return q;
}

function at(values: readonly number[], i: number): number {
  return values[i] as number;
}
