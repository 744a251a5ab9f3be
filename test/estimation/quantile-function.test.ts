import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QuantileFunction } from '../../src/estimation/quantile-function.js';

/** Quantiles by SciPy, from test/golden/quantile_function.py. */
interface Golden {
  taus: number[];
  asked: number[];
  cases: { knots: number[]; values: number[]; mean: number }[];
}
const golden: Golden = JSON.parse(readFileSync('test/golden/quantile_function.json', 'utf8'));

describe('QuantileFunction', () => {
  it.each(golden.cases.map((c, i) => [i, c] as const))('agrees with SciPy, case %i', (_i, c) => {
    const quantile = new QuantileFunction(golden.taus, c.knots);
    golden.asked.forEach((tau, k) => {
      expect(quantile.at(tau)).toBeCloseTo(c.values[k] as number, 10);
    });
    expect(quantile.mean()).toBeCloseTo(c.mean, 10);
  });

  it('reproduces the knots exactly', () => {
    for (const { knots } of golden.cases) {
      const quantile = new QuantileFunction(golden.taus, knots);
      expect(golden.taus.map((tau) => quantile.at(tau))).toEqual(knots);
    }
  });

  it('never decreases and is finite up to the ends of (0, 1)', () => {
    const taus = [
      5e-324,
      1e-300,
      1e-9,
      ...Array.from({ length: 999 }, (_, i) => (i + 1) / 1000),
      1 - 2 ** -53,
    ];
    for (const { knots } of golden.cases) {
      const quantile = new QuantileFunction(golden.taus, knots);
      const values = taus.map((tau) => quantile.at(tau));
      values.forEach((v, i) => {
        // Up to rounding of the last digit.
        expect(v).toBeGreaterThanOrEqual((values[i - 1] ?? 0) * (1 - 1e-15));
      });
      const { lower, upper } = quantile.interval(1 - 2 ** -53);
      expect(Number.isFinite(lower) && Number.isFinite(upper)).toBe(true);
    }
  });
});
