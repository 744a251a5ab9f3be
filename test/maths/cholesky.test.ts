import { describe, expect, it } from 'vitest';
import { cholesky, invert, solve } from '../../src/maths/cholesky.js';
import { normals } from '../data.js';

/** The example of Wikipedia, "Cholesky decomposition". */
const known = [
  [4, 12, -16],
  [12, 37, -43],
  [-16, -43, 98],
];

const rowsOf = (matrix: readonly ArrayLike<number>[]) => matrix.map((row) => Array.from(row));

describe('cholesky', () => {
  it('finds the factor of a known matrix', () => {
    expect(rowsOf(cholesky(known) ?? [])).toEqual([
      [2, 0, 0],
      [6, 1, 0],
      [-8, 5, 3],
    ]);
  });

  it('reads the lower triangle alone', () => {
    const lower = known.map((row, i) => row.map((v, j) => (j > i ? Number.NaN : v)));
    expect(cholesky(lower)).toEqual(cholesky(known));
  });

  it.each([
    [
      'indefinite',
      [
        [1, 2],
        [2, 1],
      ],
    ],
    [
      'singular',
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      'singular but for rounding',
      [
        [1, 1],
        [1, 1 + 1e-15],
      ],
    ],
    ['zero', [[0]]],
    ['not numbers', [[Number.NaN]]],
  ])('has no factor of a matrix that is %s', (_name, matrix) => {
    expect(cholesky(matrix)).toBeUndefined();
  });

  it('calls a pivot rounding by its size relative to the diagonal', () => {
    const nearly = (scale: number) => [
      [scale, scale],
      [scale, scale * (1 + 1e-6)],
    ];
    for (const scale of [1e-12, 1, 1e12]) {
      expect(cholesky(nearly(scale))).toBeDefined();
      expect(cholesky(nearly(scale), 1e-5)).toBeUndefined();
    }
  });
});

describe('solve and invert', () => {
  it('solve a system with a known solution', () => {
    const factor = cholesky(known) as Float64Array[];
    const b = known.map(([p = 0, q = 0, r = 0]) => p * 1 + q * -2 + r * 3);
    const x = solve(factor, b);
    [1, -2, 3].forEach((value, i) => {
      expect(x[i]).toBeCloseTo(value, 10);
    });
  });

  it('give the inverse: A A⁻¹ = 1, for a random matrix', () => {
    const normal = normals(1);
    const root = Array.from({ length: 6 }, () => Array.from({ length: 6 }, normal));
    const dot = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    const matrix = root.map((a, i) => root.map((b, j) => dot(a, b) + (i === j ? 1 : 0)));
    const inverse = rowsOf(invert(cholesky(matrix) as Float64Array[]));
    matrix.forEach((row, i) => {
      matrix.forEach((_, j) => {
        const column = inverse.map((r) => r[j] as number);
        expect(dot(row, column)).toBeCloseTo(i === j ? 1 : 0, 10);
      });
    });
  });
});
