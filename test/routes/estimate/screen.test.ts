import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScreenReply } from '../../../src/routes/estimate/screen/schema.js';
import { normals } from '../../data.js';
import { type Columns, readExample } from '../../examples.js';
import { sharedService } from '../../service.js';

const service = sharedService();
let reference: Record<string, Record<string, number>>;
beforeAll(async () => {
  reference = JSON.parse(await readFile('test/golden/scikit_learn.json', 'utf8'));
});

async function screen(body: object): Promise<ScreenReply> {
  const answer = await service.post<ScreenReply>(body, undefined, '/estimate/screen');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

function split(name: string): { features: Columns; target: number[] } {
  const { target = [], ...features } = readExample(name);
  return { features, target };
}

describe("the ranking agrees with scikit-learn's", () => {
  it.each([
    ['diabetes', 0.6],
    ['wine', 0.8],
    ['iris', 0.75],
    ['breast_cancer', 0.9],
  ])('on %s', async (name, least) => {
    const reply = await screen({ ...split(name), permutations: 0 });
    const theirs = reference[name] as Record<string, number>;
    expect(reply.ranking.length).toBe(Object.keys(theirs).length);
    const estimates = reply.ranking.map(({ estimate }) => estimate);
    expect([...estimates].sort((a, b) => b - a)).toEqual(estimates);
    const names = Object.keys(theirs);
    const ours = new Map(reply.ranking.map((feature) => [feature.name, feature.estimate]));
    const agreement = spearman(
      names.map((feature) => ours.get(feature) as number),
      names.map((feature) => theirs[feature] as number),
    );
    expect(agreement).toBeGreaterThan(least);
  });
});

describe("scikit-learn's comparison of F-test and mutual information", () => {
  it('ranks the wave first, which a linear test ranks below the line', async () => {
    const golden = JSON.parse(await readFile('test/golden/f_test_vs_mi.json', 'utf8'));
    const { features, target, f_test, mi } = golden;
    // The distribution of the paper has few waves, so mist-paper ranks the line first.
    const reply = await screen({ features, target, permutations: 60, model: 'mist' });
    expect(reply.ranking.map(({ name }) => name)).toEqual(['x2', 'x1', 'x3']);
    expect(f_test.x1).toBeGreaterThan(f_test.x2);
    for (const { name, estimate } of reply.ranking) {
      expect(Math.abs(estimate - mi[name]), name).toBeLessThan(0.3);
    }
    const [wave, line, noise] = reply.ranking;
    expect(wave?.q_value).toBeLessThan(0.01);
    expect(line?.q_value).toBeLessThan(0.01);
    expect(noise?.q_value).toBeGreaterThan(0.01);
  });
});

describe('POST /estimate/screen', () => {
  it('finds the information of each flower measurement about its species', async () => {
    const reply = await screen({ ...split('iris'), unit: 'bits', permutations: 100 });
    expect(reply.target_type).toBe('classes');
    expect(reply.target_entropy).toBeCloseTo(Math.log2(3), 10);
    for (const { estimate, uncertainty_coefficient, p_value, q_value } of reply.ranking) {
      // An estimate may be slightly above the entropy; the share is at most 1.
      expect(uncertainty_coefficient).toBeCloseTo(Math.min(1, estimate / Math.log2(3)), 6);
      expect(p_value).toBeLessThan(0.01);
      expect(q_value).toBeGreaterThanOrEqual(p_value as number);
    }
    expect(
      reply.ranking
        .slice(0, 2)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['petal_length', 'petal_width']);
  });

  it('does not depend on the numbering of classes, unless target_type is numeric', async () => {
    const { features, target } = split('wine');
    const renumbered = target.map((value) => [5, 1, 3][value] as number);
    const body = { features, permutations: 0 };
    const [plain, other, numeric] = [
      await screen({ ...body, target }),
      await screen({ ...body, target: renumbered }),
      await screen({ ...body, target: renumbered, target_type: 'numeric' }),
    ];
    const estimates = new Map(other.ranking.map(({ name, estimate }) => [name, estimate]));
    for (const { name, estimate } of plain.ranking) {
      expect(estimates.get(name)).toBe(estimate);
    }
    expect(numeric.target_type).toBe('numeric');
    expect(numeric).not.toHaveProperty('target_entropy');
    expect(numeric.ranking[0]).not.toHaveProperty('uncertainty_coefficient');
  });

  it('includes the information about all columns of a target', async () => {
    const { features, target } = split('iris');
    const indicators = target.map((value) => [1, 2].map((k) => (k === value ? 1 : 0)));
    const reply = await screen({ features, target: indicators, permutations: 0 });
    expect(reply.target_type).toBe('numeric');
    for (const { name, estimate } of reply.ranking) {
      const { body } = await service.post({ x: features[name], y: indicators });
      expect(estimate).toBe(body.estimate);
    }
  });

  it.each(['mrmr', 'conditional'])(
    'does not choose a copy of a chosen feature: %s',
    async (method) => {
      const normal = normals(5);
      const column = () => Array.from({ length: 300 }, normal);
      const [a, b, noise] = [column(), column(), column()];
      const copy = a.map((v) => v + 0.05 * normal());
      const target = a.map((v, r) => v + 0.7 * (b[r] as number) + 0.5 * normal());
      const body = { features: { a, copy, b, noise }, target, permutations: 0 };
      const { selected = [] } = await screen({ ...body, select: { method, k: 2 } });
      expect(['a', 'copy']).toContain(selected[0]?.name);
      expect(selected[1]?.name).toBe('b');
      const { body: both } = await service.post({
        x: a.map((v, r) => [selected[0]?.name === 'a' ? v : copy[r], b[r]]),
        y: target,
      });
      expect(selected[1]?.joint.estimate).toBe(both.estimate);
      expect(selected[1]?.joint.estimate).toBeGreaterThan(selected[0]?.joint.estimate as number);
      const all = await screen({ ...body, select: { method, k: 4 } });
      expect(all.selected?.slice(0, 2).map(({ name }) => name)).toEqual(
        selected.map(({ name }) => name),
      );
      expect(new Set(all.selected?.map(({ name }) => name)).size).toBe(4);
    },
  );
});

describe('POST /estimate/screen refuses', () => {
  const features = { a: [1, 2, 3], b: [3, 1, 2] };
  const target = [1, 2, 3];
  it.each<[string, object, string, string]>([
    ['no features', { target }, 'missing_field', '/features'],
    ['an empty object of features', { features: {}, target }, 'too_few_columns', '/features'],
    ['no target', { features }, 'missing_field', '/target'],
    [
      'a target with another number of rows',
      { features, target: [1, 2] },
      'unequal_rows',
      '/target',
    ],
    [
      'features with unequal rows',
      { features: { a: [1, 2], b: [1] }, target },
      'too_few_rows',
      '/features/b',
    ],
    [
      'a string in a feature',
      { features: { a: [1, 'x', 2] }, target },
      'not_a_number',
      '/features/a/1',
    ],
    [
      'more choices than features',
      { features, target, select: { method: 'mrmr', k: 3 } },
      'out_of_range',
      '/select/k',
    ],
    [
      'an unknown method',
      { features, target, select: { method: 'lasso', k: 1 } },
      'invalid_value',
      '/select/method',
    ],
    [
      'a selection without k',
      { features, target, select: { method: 'mrmr' } },
      'missing_field',
      '/select/k',
    ],
    [
      'classes in two columns',
      {
        features,
        target: [
          [1, 2],
          [1, 2],
          [2, 1],
        ],
        target_type: 'classes',
      },
      'invalid_value',
      '/target',
    ],
  ])('%s', async (_name, body, code, pointer) => {
    const answer = await service.post(body, undefined, '/estimate/screen');
    expect(answer.body).toMatchObject({ code, pointer });
    expect(answer.status).toBe(400);
  });
});

/** Rank correlation, with ties in arbitrary order. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (values: readonly number[]) => {
    const order = values
      .map((_, i) => i)
      .sort((i, j) => (values[i] as number) - (values[j] as number));
    return values.map((_, i) => order.indexOf(i));
  };
  const [ra, rb] = [ranks(a), ranks(b)];
  const n = a.length;
  const squares = ra.reduce((sum, rank, i) => sum + (rank - (rb[i] as number)) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}
