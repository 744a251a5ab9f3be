import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstIndex, lowerBound, upperBound } from '../../src/maths/search.js';

const sorted = Float64Array.of(-1, 2, 2, 2, 5);

describe('binary search', () => {
  it.each([
    [-2, 0, 0],
    [-1, 0, 1],
    [0, 1, 1],
    [2, 1, 4],
    [5, 4, 5],
    [6, 5, 5],
  ])('of %d finds the values below it and up to it', (value, below, upTo) => {
    expect(lowerBound(sorted, value)).toBe(below);
    expect(upperBound(sorted, value)).toBe(upTo);
  });

  it('looks at the first values alone when told', () => {
    expect(lowerBound(Float64Array.of(1, 2, 9, 0, 0), 10, 3)).toBe(3);
    expect(lowerBound(sorted, 2, 0)).toBe(0);
  });

  it('of an empty array is 0', () => {
    expect([lowerBound(new Float64Array(), 1), upperBound(new Float64Array(), 1)]).toEqual([0, 0]);
    expect(firstIndex(0, () => true)).toBe(0);
  });

  it('counts as a look at every value does', () => {
    const values = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: -6, max: 6 }), (list, value) => {
        const ascending = Float64Array.from(list).sort();
        expect(lowerBound(ascending, value)).toBe(list.filter((v) => v < value).length);
        expect(upperBound(ascending, value)).toBe(list.filter((v) => v <= value).length);
        expect(firstIndex(list.length, (i) => i >= value)).toBe(
          Math.max(0, Math.min(list.length, value)),
        );
      }),
    );
  });
});
