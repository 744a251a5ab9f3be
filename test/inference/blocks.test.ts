import { describe, expect, it } from 'vitest';
import { encodeColumns, rankColumns, type Scores } from '../../src/encoding/encode.js';
import { combineBlocks, splitIntoBlocks } from '../../src/inference/blocks.js';
import { mixed, uniforms } from '../data.js';

function scores(rows: readonly number[][]): Scores {
  const columns = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * columns);
  rows.forEach((row, r) => {
    row.forEach((value, c) => {
      values[c * rows.length + r] = value;
    });
  });
  return encodeColumns(rankColumns({ rows: rows.length, columns, values }), rows.length);
}

/** The blocks as sorted lists of row names, which do not depend on the order sent. */
function split(x: number[][], y: number[][], names: readonly number[]): number[][] {
  return splitIntoBlocks(scores(x), scores(y), 500).map((rows) =>
    Array.from(rows, (r) => names[r] as number).sort((a, b) => a - b),
  );
}

describe('splitIntoBlocks', () => {
  const { x, y } = mixed(1, 1703, 2, 1);
  const names = x.map((_, r) => r);
  const expected = split(x, y, names);

  it('assigns every row once, to the fewest blocks of nearly equal size', () => {
    expect(expected.map((block) => block.length)).toEqual([426, 426, 426, 425]);
    expect(expected.flat().sort((a, b) => a - b)).toEqual(names);
  });

  it('does not depend on row order, sides, column order or monotone maps', () => {
    const random = uniforms(2);
    const order = names
      .map((name) => ({ name, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ name }) => name);
    const pick = <T>(rows: T[]) => order.map((r) => rows[r] as T);
    expect(split(pick(x), pick(y), order)).toEqual(expected);
    expect(split(y, x, names)).toEqual(expected);
    expect(
      split(
        x.map(([a = 0, b = 0]) => [b, -Math.exp(a)]),
        y,
        names,
      ),
    ).toEqual(expected);
  });

  it('does not put duplicates side by side or depend on the order in which they are sent', () => {
    const uniform = uniforms(5);
    const x = names.map(() => [Math.floor(-2 * Math.log(uniform()))]);
    const y = x.map(([v = 0]) => [uniform() < 0.5 ? v : Math.floor(4 * uniform())]);
    const oneBlock = (order: readonly number[]) => {
      const pick = (rows: number[][]) => order.map((r) => rows[r] as number[]);
      const [block] = splitIntoBlocks(scores(pick(x)), scores(pick(y)), names.length);
      return Array.from(block as Int32Array, (r) => `${pick(x)[r]}, ${pick(y)[r]}`);
    };
    const rows = oneBlock(names);
    expect(oneBlock(names.toReversed())).toEqual(rows);
    // Each kind has about the same share of the first rows as of all rows, within four standard errors.
    const first = rows.slice(0, 400);
    for (const kind of new Set(rows)) {
      const share = rows.filter((row) => row === kind).length / rows.length;
      const count = first.filter((row) => row === kind).length;
      expect(Math.abs(count - 400 * share)).toBeLessThan(4 * Math.sqrt(400 * share) + 1);
    }
  });

  it('distinguishes a row from its mirror image', () => {
    // The rows (a, b) and (−a, −b) have the same |scores|; a third column orients them.
    const { x: half } = mixed(3, 600, 2, 1);
    const both = [...half, ...half.map((row) => row.map((v) => -v))];
    const sides = both.map(([, b = 0], r) => [b + 0.3 * Math.sin(r)]);
    const order = both.map((_, r) => both.length - 1 - r);
    const pick = (rows: number[][]) => order.map((r) => rows[r] as number[]);
    const straight = split(
      both,
      sides,
      both.map((_, r) => r),
    );
    expect(split(pick(both), pick(sides), order)).toEqual(straight);
  });
});

describe('combineBlocks', () => {
  it('averages knots and shrinks their spread around the median', () => {
    const knots = combineBlocks([Float64Array.of(0, 1, 4), Float64Array.of(2, 3, 4)], 1, 0.5);
    const shrink = 1 / Math.SQRT2;
    expect([...knots]).toEqual([2 - shrink, 2, 2 + 2 * shrink].map((v) => expect.closeTo(v, 12)));
  });

  it('keeps knots at 0 that are 0 in most blocks', () => {
    const blocks = [
      Float64Array.of(0, 0, 0.2, 0.4),
      Float64Array.of(0, 0.1, 0.3, 0.5),
      Float64Array.of(0, 0, 0.1, 0.6),
    ];
    expect([...combineBlocks(blocks, 2, 0.5)]).toEqual([
      0,
      0,
      expect.closeTo(0.2, 12),
      expect.closeTo(0.2 + 0.3 / Math.sqrt(3), 12),
    ]);
    expect(combineBlocks(blocks.slice(0, 2), 2, 0.1)[1]).toBeGreaterThan(0);
  });

  it('leaves a single block as it is', () => {
    expect([...combineBlocks([Float64Array.of(0, 0.25, 1)], 1, 0.3)]).toEqual([0, 0.25, 1]);
  });
});
