import { describe, expect, it } from 'vitest';
import { gaussianCopula } from '../../src/classical/gaussian.js';
import { pairwise } from '../../src/estimation/pairwise.js';
import { completeSamples } from '../../src/samples/samples.js';
import { normals } from '../data.js';
import { copulaAsk, gaussianNats, model, sideOf } from './exact.js';

const normal = normals(11);
const column = (rows: number) => Array.from({ length: rows }, normal);
const options = { level: 0.9, unit: 'nats' as const, permutations: 0, seed: 1 };

const a = column(2000);
const b = a.map((value) => 0.8 * value + 0.6 * normal());
const c = column(2000);
const sides = [sideOf('a', a), sideOf('b', b), sideOf('c', c)];

describe('pairwise', () => {
  it('gives each pair its own estimate, symmetric, with an empty diagonal', async () => {
    const { names, estimate, lower, upper, information_correlation } = await pairwise(
      copulaAsk,
      sides,
      model,
      options,
    );
    expect(names).toEqual(['a', 'b', 'c']);
    for (const matrix of [estimate, lower, upper, information_correlation]) {
      matrix.forEach((row, i) => {
        expect(row[i]).toBeNull();
        expect(row).toEqual(matrix.map((other) => other[i]));
      });
    }
    expect(estimate[0]?.[1]).toBeCloseTo(gaussianNats(0.8), 1);
    expect(information_correlation[0]?.[1]).toBeCloseTo(0.8, 1);
    for (const other of [estimate[0]?.[2], estimate[1]?.[2]]) expect(other).toBeLessThan(0.01);
    expect(lower[0]?.[1]).toBeLessThan(estimate[0]?.[1] as number);
    expect(upper[0]?.[1]).toBeGreaterThan(estimate[0]?.[1] as number);
  });

  it('tests the pairs when there are permutations, and only then', async () => {
    const untested = await pairwise(copulaAsk, sides, model, options);
    expect(untested).not.toHaveProperty('p_value');
    const small = sides.map(({ name, matrix }) => sideOf(name, [...matrix.values].slice(0, 100)));
    const { p_value, q_value } = await pairwise(copulaAsk, small, model, {
      ...options,
      permutations: 100,
    });
    expect(p_value?.[0]?.[1]).toBeLessThan(1e-3);
    expect(p_value?.[0]?.[2]).toBeGreaterThan(0.01);
    // Three tests: the smallest p-value is multiplied by three, the largest by one.
    expect(q_value?.[0]?.[1]).toBeCloseTo(3 * (p_value?.[0]?.[1] as number), 12);
  });

  it('leaves out of a pair only the rows that its own columns miss', async () => {
    const holes = (values: readonly number[], from: number, count: number) =>
      values.map((value, r) => (r >= from && r < from + count ? Number.NaN : value));
    const some = [
      sideOf('a', holes(a, 0, 50)),
      sideOf('b', holes(b, 40, 30)),
      sideOf('c', c),
    ] as const;
    const { rows, estimate, warnings } = await pairwise(copulaAsk, some, model, options);
    expect(rows).toEqual([
      [null, 1930, 1950],
      [1930, null, 1970],
      [1950, 1970, null],
    ]);
    const own = gaussianCopula(completeSamples({ x: some[0].matrix, y: some[1].matrix }));
    expect(estimate[0]?.[1]).toBeCloseTo(own, 10);
    expect(warnings.map(({ code }) => code)).toEqual(['rows_dropped']);
    expect(warnings[0]?.message).toContain('70');
  });

  it('says nothing of rows where none is missing', async () => {
    expect(await pairwise(copulaAsk, sides, model, options)).not.toHaveProperty('rows');
  });
});
