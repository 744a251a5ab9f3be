import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { qValues } from '../../src/estimation/false-discovery.js';
import { NullDistribution } from '../../src/estimation/null-distribution.js';
import { permutationTest } from '../../src/estimation/sequential-test.js';
import { normals, uniforms } from '../data.js';

describe('NullDistribution', () => {
  it('counts draws at least as large as the statistic, and the statistic itself', () => {
    const null_ = new NullDistribution([3, 1, 2, 2]);
    expect([0, 1, 1.5, 2, 3, 4].map((s) => null_.pValue(s))).toEqual([1, 1, 0.8, 0.8, 0.4, 0.2]);
  });

  it('gives p-values that fall as the statistic rises and are never 0', () => {
    const random = normals(1);
    const null_ = new NullDistribution(Array.from({ length: 500 }, () => random() ** 2));
    const p = Array.from({ length: 400 }, (_, i) => null_.pValue(i / 10));
    p.forEach((value, i) => {
      expect(value).toBeGreaterThan(0);
      if (i > 0) expect(value).toBeLessThanOrEqual(p[i - 1] as number);
    });
  });

  it.each([
    ['exponential', (u: number, _z: number) => -Math.log(u)],
    ['χ² with one degree of freedom', (_u: number, z: number) => z * z],
  ])('gives p-values that are uniform under the null hypothesis: %s', (_name, draw) => {
    const [uniform, normal] = [uniforms(2), normals(3)];
    const value = () => draw(uniform(), normal());
    const counts = new Map([0.05, 0.01, 1e-3, 1e-4].map((level) => [level, 0]));
    const [tables, each] = [300, 1000];
    for (let i = 0; i < tables; i++) {
      const null_ = new NullDistribution(Array.from({ length: 500 }, value));
      for (let k = 0; k < each; k++) {
        const p = null_.pValue(value());
        for (const [level, count] of counts) if (p <= level) counts.set(level, count + 1);
      }
    }
    for (const [level, count] of counts) {
      const share = count / (tables * each);
      expect(share, `p ≤ ${level}`).toBeLessThan(level * (level < 1e-3 ? 2 : 1.25));
      expect(share, `p ≤ ${level}`).toBeGreaterThan(level * (level < 1e-3 ? 0.4 : 0.8));
    }
  });

  it('does not extrapolate from a tail of equal draws', () => {
    const null_ = new NullDistribution(new Float64Array(99));
    expect(null_.pValue(1)).toBe(0.01);
    expect(null_.pValue(0)).toBe(1);
  });
});

describe('qValues', () => {
  it("agree with SciPy's", async () => {
    const cases: { p: number[]; q: number[] }[] = JSON.parse(
      await readFile('test/golden/false_discovery.json', 'utf8'),
    );
    for (const { p, q } of cases) {
      qValues(p).forEach((value, i) => {
        expect(value).toBeCloseTo(q[i] as number, 12);
      });
    }
    expect(qValues([])).toEqual([]);
  });
});

describe('permutationTest', () => {
  const draws = (values: readonly number[]) => async (from: number, count: number) =>
    values.slice(from, from + count);

  it('stops at the twentieth draw that is as large, even within a round', async () => {
    const values = Array.from({ length: 500 }, (_, i) => (i % 5 === 4 ? 1 : 0));
    const options = { permutations: 500, earlyStop: true };
    expect(await permutationTest(1, draws(values), options)).toEqual({
      p_value: 0.2,
      p_value_error: Math.sqrt(0.16 / 100),
      permutations: 100,
    });
    const all = await permutationTest(1, draws(values), { permutations: 500, earlyStop: false });
    expect(all).toMatchObject({ p_value: 101 / 501, permutations: 500 });
  });

  it('makes all draws if few are as large', async () => {
    const test = await permutationTest(2, draws(new Array(99).fill(1)), {
      permutations: 99,
      earlyStop: true,
    });
    expect(test).toMatchObject({ p_value: 0.01, permutations: 99 });
  });

  it('rejects at most as often as its level under the null hypothesis', async () => {
    const uniform = uniforms(4);
    const counts = new Map([0.01, 0.05, 0.1, 0.5].map((level) => [level, 0]));
    const tests = 4000;
    for (let i = 0; i < tests; i++) {
      const draw = async (_: number, count: number) => Array.from({ length: count }, uniform);
      const { p_value } = await permutationTest(uniform(), draw, {
        permutations: 199,
        earlyStop: true,
      });
      for (const [level, count] of counts) if (p_value <= level) counts.set(level, count + 1);
    }
    for (const [level, count] of counts) {
      const error = 4 * Math.sqrt((level * (1 - level)) / tests);
      expect(count / tests).toBeLessThan(level + error);
      expect(count / tests).toBeGreaterThan(0.8 * level - error);
    }
  });
});
