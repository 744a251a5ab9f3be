import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { classicalEstimates } from '../../src/classical/classical.js';
import { cca, gaussianCopula } from '../../src/classical/gaussian.js';
import { plugin } from '../../src/classical/plugin.js';
import { discreteEntropy } from '../../src/maths/entropy.js';
import { gaussian, mixed, samplesOf } from '../data.js';

const golden = JSON.parse(await readFile('test/golden/classical.json', 'utf8'));
const column = (values: number[]) => values.map((v) => [v]);

describe('cca', () => {
  it("agrees with SciPy's canonical correlations", () => {
    for (const { x, y, cca: expected } of golden.cases) {
      expect(cca(samplesOf(x, y))).toBeCloseTo(expected, 8);
    }
  });

  it('is undefined for linearly dependent columns or too few rows, and 0 for a constant side', () => {
    const { x } = gaussian(1, 50, 2, 0.5);
    expect(
      cca(
        samplesOf(
          x,
          x.map(([a = 0, b = 0]) => [a + b]),
        ),
      ),
    ).toBeUndefined();
    expect(cca(samplesOf(x.slice(0, 4), x.slice(4, 8)))).toBeUndefined();
    expect(
      cca(
        samplesOf(
          x,
          x.map(() => [1]),
        ),
      ),
    ).toBe(0);
  });
});

describe('gaussianCopula', () => {
  it("agrees with scikit-learn's Ledoit-Wolf on SciPy's normal scores", () => {
    for (const { x, y, copula } of golden.cases) {
      // Scores have single precision.
      expect(gaussianCopula(samplesOf(x, y))).toBeCloseTo(copula, 5);
    }
  });

  it('is finite with fewer rows than columns', () => {
    const { x, y } = mixed(2, 6, 8, 8);
    expect(gaussianCopula(samplesOf(x, y))).toBeGreaterThanOrEqual(0);
    expect(gaussianCopula(samplesOf(x, x))).toBeLessThan(Infinity);
  });
});

describe('plugin', () => {
  const { x, y, plugin: expected, miller_madow } = golden.discrete;

  it("agrees with scikit-learn's mutual_info_score, and the bias correction with its formula", () => {
    const result = plugin(samplesOf(column(x), column(y)));
    expect(result.nats).toBeCloseTo(expected, 12);
    expect(result.corrected).toBeCloseTo(miller_madow, 12);
    expect(result.discrete).toBe(true);
  });

  it('is the entropy for a column with itself', () => {
    const samples = samplesOf(column(x), column(x));
    expect(plugin(samples).nats).toBeCloseTo(discreteEntropy(samples.x), 12);
    expect(discreteEntropy(samplesOf([[0], [1]], [[0], [1]]).x)).toBeCloseTo(Math.LN2, 12);
  });

  it('cuts continuous columns into bins of equal frequency', () => {
    const { x: a, y: b } = gaussian(3, 5000, 1, 0.8);
    const { corrected, discrete } = plugin(samplesOf(a, b));
    expect(discrete).toBe(false);
    expect(corrected).toBeCloseTo(-0.5 * Math.log(1 - 0.64), 1);
    const same = samplesOf(a, a);
    expect(plugin(same, 8).nats).toBeCloseTo(Math.log(8), 3);
  });
});

describe('percentile intervals', () => {
  const methods = ['ksg1', 'ksg2', 'cca', 'gaussian_copula'] as const;
  const intervals = (seed: number, rows: number, resamples: number) => {
    const { x, y } = gaussian(seed, rows, 1, 0.6);
    const options = { methods, k: 3, bootstrap: { resamples, level: 0.9 }, seed: 1 };
    return classicalEstimates(samplesOf(x, y), options).map(({ nats = NaN, interval }) => ({
      nats,
      lower: interval?.lower ?? NaN,
      upper: interval?.upper ?? NaN,
    }));
  };

  it('contain the estimate, are narrower with more rows and reproducible with a seed', () => {
    const few = intervals(4, 100, 60);
    expect(intervals(4, 100, 60)).toEqual(few);
    const many = intervals(4, 900, 60);
    few.forEach(({ nats, lower, upper }, m) => {
      expect(lower).toBeLessThanOrEqual(nats);
      expect(upper).toBeGreaterThanOrEqual(nats);
      const narrow = (many[m]?.upper ?? NaN) - (many[m]?.lower ?? NaN);
      expect(narrow).toBeLessThan((upper - lower) / 1.5);
    });
  });

  it('cover the truth about as often as their level says', () => {
    const truth = -0.5 * Math.log(1 - 0.36);
    const covered = methods.map(() => 0);
    for (let seed = 0; seed < 50; seed++) {
      intervals(seed, 120, 40).forEach(({ lower, upper }, m) => {
        if (lower <= truth && truth <= upper) covered[m] = (covered[m] ?? 0) + 1;
      });
    }
    // Shrinkage pulls the copula estimate toward 0, so its interval need not cover the truth.
    for (const count of covered.slice(0, 3)) expect(count / 50).toBeGreaterThan(0.78);
  });
});
