import { expect, it } from 'vitest';
import { quantileOfSorted } from '../../src/maths/quantile.js';

it('is linear between order statistics, as in NumPy', () => {
  // numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 0.9, 1])
  const taus = [0, 0.1, 0.5, 0.9, 1];
  const expected = [1, 1.3, 3, 6.8, 8];
  taus.forEach((tau, i) => {
    expect(quantileOfSorted([1, 2, 4, 8], tau)).toBeCloseTo(expected[i] as number, 12);
  });
});

it('of one value is that value', () => {
  for (const tau of [0, 0.3, 1]) expect(quantileOfSorted([7], tau)).toBe(7);
});

it('keeps infinite values apart from finite ones beside them', () => {
  expect(quantileOfSorted([1, 2, Number.POSITIVE_INFINITY], 0.75)).toBe(Number.POSITIVE_INFINITY);
});
