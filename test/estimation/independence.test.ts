import { describe, expect, it } from 'vitest';
import { independence } from '../../src/estimation/independence.js';
import { ENOUGH_EXCEEDANCES } from '../../src/estimation/sequential-test.js';
import { normals } from '../data.js';
import { copulaAsk, gaussianNats, model, noting, sideOf } from './exact.js';

const normal = normals(3);
const column = (rows: number) => Array.from({ length: rows }, normal);
const options = {
  level: 0.9,
  unit: 'nats' as const,
  permutations: 199,
  earlyStop: false,
  seed: 5,
};

const pair = (rows: number, rho: number) => {
  const x = column(rows);
  const y = x.map((value) => rho * value + Math.sqrt(1 - rho * rho) * normal());
  return { x: sideOf('x', x), y: sideOf('y', y) };
};

describe('independence', () => {
  it('reports the estimate of the samples as they are', async () => {
    const few = { ...options, permutations: 1 };
    const { estimate } = await independence(copulaAsk, pair(1500, 0.8), model, few);
    // Four standard errors of a correlation from so many rows.
    expect(Math.abs(estimate - gaussianNats(0.8))).toBeLessThan(0.09);
  });

  it('is refuted by a link that no draw reaches: p = 1 / (draws + 1)', async () => {
    const reply = await independence(copulaAsk, pair(200, 0.6), model, options);
    expect(reply).toMatchObject({ p_value: 1 / 200, permutations: 199 });
  });

  it('is refuted by chance as often as the level says', async () => {
    const few = { ...options, permutations: 39 };
    let rejected = 0;
    for (let i = 0; i < 100; i++) {
      const { p_value } = await independence(copulaAsk, pair(30, 0), model, { ...few, seed: i });
      if (p_value <= 0.1) rejected++;
    }
    // Three standard errors around 10 of 100.
    expect(rejected).toBeGreaterThanOrEqual(1);
    expect(rejected).toBeLessThanOrEqual(19);
  });

  it('stops early once enough draws are as large as the estimate', async () => {
    const sides = pair(60, 0);
    const all = await independence(copulaAsk, sides, model, options);
    expect(all.p_value).toBeGreaterThan(0.15);
    const early = await independence(copulaAsk, sides, model, { ...options, earlyStop: true });
    expect(early.permutations).toBeLessThan(199);
    expect(early.p_value).toBe(ENOUGH_EXCEEDANCES / early.permutations);
  });

  it('draws the same orders for the same seed, and others for another', async () => {
    const seedsOf = async (seed: number) => {
      const { ask, asked } = noting(copulaAsk);
      await independence(ask, pair(40, 0), model, { ...options, permutations: 20, seed });
      return asked.flatMap(({ shuffle }) => (shuffle === undefined ? [] : [shuffle]));
    };
    const first = await seedsOf(5);
    expect(first).toHaveLength(20);
    expect(new Set(first.map(({ seed }) => seed)).size).toBe(20);
    expect(await seedsOf(5)).toEqual(first);
    expect(await seedsOf(6)).not.toEqual(first);
  });
});
