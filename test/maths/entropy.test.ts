import { describe, expect, it } from 'vitest';
import { cellsOf, countsOf, crossed, discreteEntropy, entropyOf } from '../../src/maths/entropy.js';
import { matrixOf } from '../../src/maths/matrix.js';

const entropy = (...columns: number[][]) =>
  discreteEntropy(matrixOf(columns.map((values) => Float64Array.from(values))));

describe('cells', () => {
  it('are numbered as they appear, and counted', () => {
    const cells = cellsOf(Float64Array.of(5, 3, 5, 9));
    expect(cells).toEqual({ of: Int32Array.of(0, 1, 0, 2), count: 3 });
    expect([...countsOf(cells)]).toEqual([2, 1, 1]);
  });

  it('of two columns are their combinations', () => {
    const a = cellsOf(Float64Array.of(0, 0, 1, 1, 0));
    const b = cellsOf(Float64Array.of(7, 8, 7, 8, 7));
    expect(crossed(a, b)).toEqual({ of: Int32Array.of(0, 1, 2, 3, 0), count: 4 });
  });
});

describe('entropy', () => {
  it('is log n for n values equally frequent, and 0 for a constant', () => {
    expect(entropy([1, 2, 3, 4, 1, 2, 3, 4])).toBeCloseTo(Math.log(4), 12);
    expect(entropy([2, 2, 2])).toBe(0);
  });

  it('of a coin that falls once in four is known', () => {
    const expected = -(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75));
    expect(entropyOf(cellsOf(Float64Array.of(1, 0, 0, 0)))).toBeCloseTo(expected, 12);
  });

  it('of independent columns adds up, of a copy adds nothing', () => {
    const [a, b] = [
      [0, 0, 1, 1],
      [0, 1, 0, 1],
    ];
    expect(entropy(a, b)).toBeCloseTo(2 * Math.LN2, 12);
    expect(entropy(a, a)).toBeCloseTo(Math.LN2, 12);
  });
});
