import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOf, type Matrix, matrixOf } from '../../src/maths/matrix.js';
import { joinDummies } from '../../src/samples/dummies.js';

const side = (...columns: number[][]): Matrix =>
  matrixOf(columns.map((column) => Float64Array.from(column)));
const columnsOf = (matrix: Matrix) =>
  Array.from({ length: matrix.columns }, (_, c) => Array.from(columnOf(matrix, c)));
const rowsOf = (matrix: Matrix) =>
  Array.from({ length: matrix.rows }, (_, r) =>
    columnsOf(matrix)
      .map((column) => column[r])
      .join(),
  );

/** One column per label. */
const dummies = (labels: readonly string[], names: readonly string[]) =>
  names.map((name) => labels.map((label) => Number(label === name)));

const labels = [...'cabcbcacbc'];

describe('joinDummies', () => {
  it('makes one column of labels, the most frequent first', () => {
    const joined = joinDummies(side(...dummies(labels, ['a', 'b', 'c'])));
    expect(joined.sources).toEqual([[0, 1, 2]]);
    expect(columnsOf(joined.matrix)).toEqual([labels.map((label) => 'cba'.indexOf(label))]);
  });

  it('recognizes a base label without a column', () => {
    const joined = joinDummies(side(...dummies(labels, ['b', 'c'])));
    expect(joined.sources).toEqual([[0, 1]]);
    expect(columnsOf(joined.matrix)).toEqual([labels.map((label) => 'cba'.indexOf(label))]);
  });

  it('orders equally frequent labels by column, with the base label first', () => {
    const even = [...'abcabc'];
    const all = joinDummies(side(...dummies(even, ['b', 'a', 'c'])));
    expect(columnsOf(all.matrix)).toEqual([even.map((label) => 'bac'.indexOf(label))]);
    const rest = joinDummies(side(...dummies(even, ['a', 'b'])));
    expect(columnsOf(rest.matrix)).toEqual([even.map((label) => 'cab'.indexOf(label))]);
  });

  it('treats the higher of any two values as set', () => {
    const [a, b] = dummies(labels, ['a', 'b']) as [number[], number[]];
    const other = a.map((v) => 3 * v - 7);
    expect(joinDummies(side(other, b)).matrix).toEqual(joinDummies(side(a, b)).matrix);
  });

  it('joins columns that the labels determine', () => {
    const notB = labels.map((label) => Number(label !== 'b'));
    const joined = joinDummies(side(notB, ...dummies(labels, ['a', 'b', 'c'])));
    expect(joined.sources).toEqual([[0, 1, 2, 3]]);
    expect(columnsOf(joined.matrix)).toEqual([labels.map((label) => 'cba'.indexOf(label))]);
  });

  it('joins several groups separately and leaves other columns in place', () => {
    const sizes = [...'ssmlslsmss'];
    const numbers = labels.map((_, r) => r / 7);
    const joined = joinDummies(
      side(...dummies(labels, ['a', 'b', 'c']), numbers, ...dummies(sizes, ['s', 'm', 'l'])),
    );
    expect(joined.sources).toEqual([[0, 1, 2], [3], [4, 5, 6]]);
    expect(columnsOf(joined.matrix)[1]).toEqual(numbers);
    expect(columnsOf(joined.matrix)[2]).toEqual(sizes.map((size) => 'sml'.indexOf(size)));
  });

  it('does not change columns that are no set of dummies', () => {
    const yes = labels.map((label) => Number(label === 'a'));
    const untouched = [
      side(yes, yes), // set in the same rows
      side(
        yes,
        yes.map((v) => 1 - v),
      ), // mirror images, which encodeColumns finds
      side([1, 0, 1, 0], [0, 1, 0, 1]),
      side(
        yes,
        labels.map(() => 0),
      ), // never set
      side(
        yes,
        labels.map((_, r) => r % 3),
      ),
      side(yes),
    ];
    for (const matrix of untouched) expect(joinDummies(matrix).matrix).toBe(matrix);
  });

  it('keeps equal rows equal and different rows different, for any columns', () => {
    const bits = fc
      .tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 7 }))
      .chain(([rows, columns]) =>
        fc.array(fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: rows, maxLength: rows }), {
          minLength: columns,
          maxLength: columns,
        }),
      );
    fc.assert(
      fc.property(bits, (columns) => {
        const sent = side(...columns);
        const { matrix, sources } = joinDummies(sent);
        expect(sources.flat().sort((a, b) => a - b)).toEqual(columns.map((_, c) => c));
        expect(matrix.columns).toBe(sources.length);
        const [before, after] = [rowsOf(sent), rowsOf(matrix)];
        const kinds = new Map(before.map((row, r) => [row, after[r]]));
        expect(after).toEqual(before.map((row) => kinds.get(row)));
        expect(new Set(after).size).toBe(kinds.size);
      }),
    );
  });
});
