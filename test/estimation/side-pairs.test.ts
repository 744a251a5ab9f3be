import { describe, expect, it } from 'vitest';
import { estimatePairs } from '../../src/estimation/side-pairs.js';
import { normals } from '../data.js';
import { copulaAsk, model, noting, sideOf } from './exact.js';

const normal = normals(21);
const column = (rows = 60) => Array.from({ length: rows }, normal);
const options = { permutations: 100, seed: 4 };
const single = (name: string, values = column()) => sideOf(name, values);
const noisy = (values: readonly number[]) => values.map((value) => value + 0.5 * normal());

describe('estimatePairs', () => {
  it('shares one set of draws among all pairs of single columns', async () => {
    const { ask, asked } = noting(copulaAsk);
    const [a, b, c] = [single('a'), single('b'), single('c')];
    const pairs = [
      { x: a, y: b },
      { x: b, y: c },
      { x: a, y: c },
    ];
    await estimatePairs(ask, pairs, model, options);
    expect(asked.filter(({ shuffle }) => shuffle !== undefined)).toHaveLength(100);
  });

  it('shares the draws of a side of several columns among its single partners', async () => {
    const { ask, asked } = noting(copulaAsk);
    const wide = sideOf('wide', column(), column());
    const pairs = ['a', 'b', 'c'].map((name) => ({ x: single(name), y: wide }));
    await estimatePairs(ask, pairs, model, options);
    const draws = asked.filter(({ shuffle }) => shuffle !== undefined);
    expect(draws).toHaveLength(100);
    expect(draws.every(({ y }) => y === wide.matrix)).toBe(true);
    const two = [...pairs, { x: sideOf('both', column(), column()), y: wide }];
    const other = noting(copulaAsk);
    await estimatePairs(other.ask, two, model, options);
    expect(other.asked.filter(({ shuffle }) => shuffle !== undefined)).toHaveLength(200);
  });

  it('draws more for the one set that serves all than for each of several', async () => {
    const draws = async (rows: number[]) => {
      const { ask, asked } = noting(copulaAsk);
      const pairs = rows.map((complete) => {
        const values = column().map((value, r) => (r < complete ? value : Number.NaN));
        return { x: single('x', values), y: single('y') };
      });
      await estimatePairs(ask, pairs, model, { permutations: undefined, seed: 1 });
      return asked.length - pairs.length;
    };
    expect(await draws([60, 60])).toBe(1000);
    expect(await draws([60, 30])).toBe(2 * 200);
  });

  it('calls few independent pairs dependent, and finds the dependent one', async () => {
    const x = column();
    const pairs = [
      { x: single('x', x), y: single('y', noisy(x)) },
      ...Array.from({ length: 60 }, () => ({ x: single('a'), y: single('b') })),
    ];
    const [dependent, ...independent] = await estimatePairs(copulaAsk, pairs, model, options);
    expect(dependent?.p).toBeLessThan(1e-4);
    expect(dependent?.q).toBeLessThan(0.01);
    const rejected = independent.filter(({ p = 0 }) => p < 0.1).length;
    // Three standard errors around 6 of 60.
    expect(rejected).toBeLessThanOrEqual(13);
    expect(independent.filter(({ p = 0 }) => p > 0.5).length).toBeGreaterThan(15);
    expect(independent.every(({ p = 1, q = 0 }) => q >= p)).toBe(true);
  });

  it('tests a column with ties by random orders of equal values, and reports it as it is', async () => {
    const x = column();
    const coarse = single('y', x.map(Math.round));
    const { ask, asked } = noting(copulaAsk);
    const [pair] = await estimatePairs(ask, [{ x: single('x', x), y: coarse }], model, options);
    const untied = asked.filter(({ breakTies, shuffle }) => breakTies && shuffle === undefined);
    expect(untied).toHaveLength(1);
    expect(untied[0]?.breakTies).toEqual({ x: expect.any(Number), y: expect.any(Number) });
    const [plain] = await copulaAsk([{ x: single('x', x).matrix, y: coarse.matrix }]);
    expect(pair?.answer.knots).toEqual(plain?.knots);
    expect(pair?.p).toBeLessThan(1e-3);
  });

  it('finds nothing in a column that never changes', async () => {
    const constant = single('y', new Array(60).fill(3));
    const pairs = Array.from({ length: 20 }, () => ({ x: single('x'), y: constant }));
    for (const pair of await estimatePairs(copulaAsk, pairs, model, options)) {
      expect(pair).toMatchObject({ p: 1, q: 1 });
    }
  });

  it('asks for the estimates alone without permutations', async () => {
    const { ask, asked } = noting(copulaAsk);
    const pairs = [{ x: single('x'), y: single('y', column().map(Math.round)) }];
    const [pair] = await estimatePairs(ask, pairs, model, { permutations: 0, seed: 1 });
    expect(asked).toHaveLength(1);
    expect(pair).not.toHaveProperty('p');
  });

  it('draws for pairs that miss rows from at most 5 % fewer, so that few sets serve all', async () => {
    const { ask, asked } = noting(copulaAsk);
    const pairs = [150, 148].map((complete) => {
      const values = column(200).map((value, r) => (r < complete ? value : Number.NaN));
      return { x: single('x', values), y: single('y', column(200)) };
    });
    await estimatePairs(ask, pairs, model, { permutations: 20, seed: 1 });
    const rows = asked.flatMap(({ shuffle, x }) => (shuffle === undefined ? [] : [x.rows]));
    expect(rows).toHaveLength(20);
    expect(new Set(rows).size).toBe(1);
    expect(rows[0]).toBeLessThanOrEqual(148);
    expect(rows[0]).toBeGreaterThanOrEqual(150 / 1.05);
  });

  it('refuses a pair without two rows in common', async () => {
    const x = single('x', [1, Number.NaN, 2, Number.NaN]);
    const y = single('y', [Number.NaN, 1, 2, 3]);
    await expect(estimatePairs(copulaAsk, [{ x, y }], model, options)).rejects.toMatchObject({
      code: 'too_few_rows',
    });
  });
});
