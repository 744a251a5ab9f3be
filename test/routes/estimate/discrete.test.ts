import { describe, expect, it } from 'vitest';
import type { ConditionalReply } from '../../../src/routes/estimate/conditional/schema.js';
import type { IndependenceReply } from '../../../src/routes/estimate/independence/schema.js';
import type { PairwiseReply } from '../../../src/routes/estimate/pairwise/schema.js';
import type { EstimateReply } from '../../../src/routes/estimate/schema.js';
import type { ScreenReply } from '../../../src/routes/estimate/screen/schema.js';
import { normals, uniforms } from '../../data.js';
import { readExample } from '../../examples.js';
import { sharedService } from '../../service.js';

const service = sharedService();
const LEVELS = { quantiles: [0.001, 0.05, 0.5, 0.95, 0.999], level: 0.99 };

const labels = (seed: number, rows: number, count: number) => {
  const uniform = uniforms(seed);
  return Array.from({ length: rows }, () => Math.floor(count * uniform()));
};

/** Every figure of a reply, from the smallest that is given to the largest. */
const figures = ({
  estimate,
  mean,
  interval,
  quantiles,
}: Pick<EstimateReply, 'estimate' | 'mean' | 'interval' | 'quantiles'>) => [
  estimate,
  mean,
  interval.lower,
  interval.upper,
  ...quantiles.map(({ value }) => value),
];

describe('columns of few values', () => {
  it.each([
    ['3 levels', Array.from({ length: 300 }, (_, i) => i % 3), Math.log(3)],
    ['12 levels', labels(1, 600, 12), Math.log(12)],
    ['strings', labels(2, 400, 5).map((label) => `label ${label}`), Math.log(5)],
    ['booleans', labels(3, 200, 2).map((label) => label === 1), Math.log(2)],
  ])('never share more than their entropy: %s and themselves', async (_name, x, entropy) => {
    const { body } = await service.post({ x, y: x, ...LEVELS });
    for (const figure of figures(body)) expect(figure).toBeLessThanOrEqual(entropy + 1e-12);
    expect(body.estimate).toBeGreaterThan(0.98 * (body.entropy_y as number));
    expect(body.estimator).toBe('table');
    expect(body.warnings.map(({ code }) => code)).toEqual(['near_deterministic']);
    expect(body.warnings[0]?.message).toContain('x and y determine each other');
  });

  it('are right where 1 % of the labels are redrawn', async () => {
    const uniform = uniforms(4);
    const x = labels(5, 1000, 8);
    const y = x.map((label) => (uniform() < 0.01 ? Math.floor(8 * uniform()) : label));
    const { body } = await service.post({ x, y });
    // ln 8 less the entropy of a label given the other: one of eight with 1 % slips.
    const slip = (0.01 * 7) / 8;
    const exact = Math.log(8) + (1 - slip) * Math.log(1 - slip) + slip * Math.log(slip / 7);
    expect(body.interval.lower).toBeLessThan(exact);
    expect(body.interval.upper).toBeGreaterThan(exact);
    expect(Math.abs(body.estimate - exact)).toBeLessThan(0.04);
  });

  it('bound the other side, whatever it is: measurements and species of iris', async () => {
    const iris = readExample('iris');
    const names = Object.keys(iris);
    const rows = (iris[names[4] as string] ?? []).map((_, r) =>
      names.map((name) => iris[name]?.[r] as number),
    );
    const x = rows.map((row) => row.slice(0, 4));
    const { body } = await service.post({ x, y: rows.map((row) => row[4]), ...LEVELS });
    for (const figure of figures(body)) expect(figure).toBeLessThanOrEqual(Math.log(3) + 1e-12);
  });

  it('name the column that determines the other', async () => {
    const model = labels(6, 400, 9);
    const maker = model.map((label) => label % 3);
    const { body } = await service.post({ x: model, y: maker });
    expect(body.warnings.map(({ message }) => message).join()).toContain('x determines y');
    expect(body.estimate).toBeCloseTo(Math.log(3), 1);
  });

  it('say nothing where they are independent: intervals begin at 0', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const { body } = await service.post({
          x: labels(10 + i, 300, 4),
          y: labels(40 + i, 300, 3),
        });
        return body.interval.lower;
      }),
    );
    expect(replies.filter((lower) => lower === 0).length).toBeGreaterThanOrEqual(18);
  });

  it('are tested by their table: dependence that is not in the order is found', async () => {
    const x = labels(7, 200, 4);
    const uniform = uniforms(8);
    const y = x.map((label) => (uniform() < 0.6 ? [2, 0, 3, 1][label] : Math.floor(4 * uniform())));
    const path = '/estimate/independence';
    const { body } = await service.post<IndependenceReply>(
      { x, y, permutations: 199 },
      undefined,
      path,
    );
    expect(body.p_value).toBeLessThanOrEqual(0.005);
    expect(body.estimator).toBe('table');
  });

  it('keep their limit in every analysis', async () => {
    const x = labels(9, 300, 3);
    const z = labels(11, 300, 2);
    const columns = { x, copy: x, z };
    const permutations = 0;
    const [pairs, ranked, given] = await Promise.all([
      service.post<PairwiseReply>({ columns, permutations }, undefined, '/estimate/pairwise'),
      service.post<ScreenReply>(
        { features: { copy: x, z }, target: x, permutations },
        undefined,
        '/estimate/screen',
      ),
      service.post<ConditionalReply>(
        { x, y: x, z, permutations, ...LEVELS },
        undefined,
        '/estimate/conditional',
      ),
    ]);
    const most = Math.log(3) + 1e-12;
    for (const figure of pairs.body.upper.flat()) expect(figure ?? 0).toBeLessThanOrEqual(most);
    for (const { interval } of ranked.body.ranking)
      expect(interval.upper).toBeLessThanOrEqual(most);
    for (const figure of figures(given.body)) {
      expect(figure).toBeLessThanOrEqual(most);
    }
  });
});

describe('a column that is refined from few values to many', () => {
  it.each([
    ['against five levels', 5],
    ['against a continuous column', 0],
  ])('makes no answer jump %s', async (_name, levels) => {
    const normal = normals(12);
    const uniform = uniforms(13);
    const u = Array.from({ length: 2000 }, uniform);
    const noisy = u.map((value) => value + 0.2 * normal());
    const y = levels === 0 ? noisy : noisy.map((value) => Math.floor(value * levels));
    const estimates: number[] = [];
    const estimators = new Set<string>();
    for (const bins of [16, 20, 24, 28, 32, 40, 50, 60, 100, 200]) {
      const { body } = await service.post({ x: u.map((value) => Math.floor(value * bins)), y });
      estimates.push(body.estimate);
      estimators.add(body.estimator);
    }
    estimates.slice(1).forEach((estimate, i) => {
      expect(Math.abs(estimate - (estimates[i] as number))).toBeLessThan(0.05);
    });
    expect(estimators.size).toBe(2);
  });
});
