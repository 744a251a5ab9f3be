import { describe, expect, it } from 'vitest';
import { gaussianCopula } from '../../src/classical/gaussian.js';
import { type ScreenOptions, screen } from '../../src/estimation/screen.js';
import { discreteEntropy } from '../../src/maths/entropy.js';
import { joinColumns } from '../../src/maths/matrix.js';
import type { DiscreteColumn, PreparedSide } from '../../src/samples/prepare.js';
import type { NamedSide } from '../../src/samples/samples.js';
import { normals } from '../data.js';
import { copulaAsk, model, sideOf } from './exact.js';

const ROWS = 300;
const normal = normals(14);
const column = () => Array.from({ length: ROWS }, normal);
const mixed = (...parts: readonly (readonly [number, readonly number[]])[]) =>
  Array.from({ length: ROWS }, (_, r) =>
    parts.reduce((sum, [weight, values]) => sum + weight * (values[r] as number), 0),
  );

const options: ScreenOptions = {
  level: 0.9,
  unit: 'nats',
  permutations: 0,
  seed: 1,
  maxColumns: 4,
};

/** A target as `prepare` makes it. */
function targetOf(columns: number[][], type?: DiscreteColumn['type']): PreparedSide {
  const side = sideOf('target', ...columns);
  const levels = new Set(columns.flat()).size;
  return {
    ...side,
    sent: columns.length,
    discrete: type === undefined ? [] : [{ name: 'target', type, levels }],
    entropy: type === undefined ? undefined : discreteEntropy(side.matrix),
  };
}

const run = (features: NamedSide[], target: PreparedSide, more: Partial<ScreenOptions> = {}) =>
  screen(copulaAsk, features, target, model, { ...options, ...more });

const [a, b, noise] = [column(), column(), column()];
const copy = mixed([1, a], [0.05, column()]);
const y = mixed([1, a], [0.7, b], [0.5, column()]);
const features = [sideOf('noise', noise), sideOf('b', b), sideOf('copy', copy), sideOf('a', a)];
const target = targetOf([y]);
const share = (...names: string[]) => {
  const chosen = names.map((name) => features.find((one) => one.name === name) as NamedSide);
  return gaussianCopula({
    x: joinColumns(...chosen.map(({ matrix }) => matrix)),
    y: target.matrix,
  });
};

describe('the ranking', () => {
  it('gives each feature its own estimate, the most informative first', async () => {
    const { ranking, target_type } = await run(features, target);
    expect(target_type).toBe('numeric');
    for (const { name, estimate } of ranking) expect(estimate).toBeCloseTo(share(name), 10);
    expect(ranking.slice(2).map(({ name }) => name)).toEqual(['b', 'noise']);
    const estimates = ranking.map(({ estimate }) => estimate);
    expect(estimates).toEqual([...estimates].sort((p, q) => q - p));
  });

  it('tests features when there are permutations', async () => {
    const { ranking } = await run(features, target, { permutations: 60 });
    const p = new Map(ranking.map(({ name, p_value }) => [name, p_value as number]));
    expect(p.get('a')).toBeLessThan(1e-4);
    expect(p.get('b')).toBeLessThan(1e-3);
    expect(p.get('noise')).toBeGreaterThan(0.01);
  });

  it('says how many rows a feature has where some are missing', async () => {
    const holes = b.map((value, r) => (r < 40 ? Number.NaN : value));
    const { ranking, warnings } = await run([sideOf('a', a), sideOf('b', holes)], target);
    expect(ranking.map(({ name, rows }) => [name, rows])).toEqual([
      ['a', ROWS],
      ['b', ROWS - 40],
    ]);
    expect(warnings.map(({ code }) => code)).toContain('rows_dropped');
  });
});

describe('a target', () => {
  const classes = a.map((value) => (value > 1 ? 7 : value < 0 ? 2 : 5));

  it('of few values is one of classes, whose numbers do not count', async () => {
    const numbered = await run(features, targetOf([classes], 'discrete'));
    const renumbered = classes.map((value) => ({ 7: 1, 2: 3, 5: 2 })[value as 2] as number);
    const other = await run(features, targetOf([renumbered], 'discrete'));
    expect(numbered.target_type).toBe('classes');
    expect(other.ranking).toEqual(numbered.ranking);
    const entropy = discreteEntropy(sideOf('y', classes).matrix);
    expect(numbered.target_entropy).toBeCloseTo(entropy, 10);
    for (const { estimate, uncertainty_coefficient } of numbered.ranking) {
      expect(uncertainty_coefficient).toBeCloseTo(Math.min(1, estimate / entropy), 10);
    }
  });

  it('is read as numbers when told', async () => {
    const reply = await run(features, targetOf([classes], 'discrete'), { targetType: 'numeric' });
    expect(reply.target_type).toBe('numeric');
    expect(reply).not.toHaveProperty('target_entropy');
    expect(reply.ranking[0]).not.toHaveProperty('uncertainty_coefficient');
  });

  it('of one class shares nothing: entropy 0, coefficient 0', async () => {
    const reply = await run([sideOf('a', a)], targetOf([new Array(ROWS).fill(1)], 'discrete'));
    expect(reply).toMatchObject({ target_type: 'classes', target_entropy: 0 });
    expect(reply.ranking[0]).toMatchObject({ estimate: 0, uncertainty_coefficient: 0 });
  });
});

describe('a choice of features', () => {
  it('by mrmr takes off the mean of what a feature shares with those chosen', async () => {
    const { selected = [] } = await run(features, target, { select: { method: 'mrmr', k: 3 } });
    const first = share('a') > share('copy') ? 'a' : 'copy';
    expect(selected.slice(0, 2).map(({ name }) => name)).toEqual([first, 'b']);
    const shared = (one: string, other: string) => {
      const [x, y] = [one, other].map((name) => features.find((side) => side.name === name));
      return gaussianCopula({ x: (x as NamedSide).matrix, y: (y as NamedSide).matrix });
    };
    expect(selected[1]?.score).toBeCloseTo(share('b') - shared('b', first), 10);
    const third = selected[2]?.name as string;
    const redundancy = (shared(third, first) + shared(third, 'b')) / 2;
    expect(selected[2]?.score).toBeCloseTo(share(third) - redundancy, 10);
    expect(selected[1]?.joint.estimate).toBeCloseTo(share(first, 'b'), 10);
  });

  it('by conditional information scores what a feature adds, so scores sum to the joint', async () => {
    const { selected = [] } = await run(features, target, {
      select: { method: 'conditional', k: 3 },
      unit: 'bits',
    });
    expect(selected[1]?.name).toBe('b');
    expect(new Set(selected.map(({ name }) => name)).size).toBe(3);
    const sum = selected.reduce((total, { score }) => total + score, 0);
    expect(sum).toBeCloseTo(selected[2]?.joint.estimate as number, 10);
    expect(selected[0]?.score).toBeCloseTo(Math.max(share('a'), share('copy')) / Math.LN2, 10);
  });
});

describe('screen refuses', () => {
  const many = targetOf([a], 'discrete');
  it.each<[string, PreparedSide, Partial<ScreenOptions>, string, string]>([
    [
      'more choices than features',
      target,
      { select: { method: 'mrmr', k: 5 } },
      'out_of_range',
      '/select/k',
    ],
    [
      'choices wider than a side may be',
      target,
      { select: { method: 'mrmr', k: 3 }, maxColumns: 2 },
      'too_many_columns',
      '/select/k',
    ],
    [
      'classes in two columns',
      targetOf([a, b]),
      { targetType: 'classes' },
      'invalid_value',
      '/target',
    ],
    [
      'categories as numbers',
      targetOf([a], 'categorical'),
      { targetType: 'numeric' },
      'invalid_value',
      '/target_type',
    ],
    ['more classes than kinds', many, { targetType: 'classes' }, 'too_many_categories', '/target'],
  ])('%s', async (_name, aim, more, code, pointer) => {
    await expect(run(features, aim, more)).rejects.toMatchObject({ code, details: { pointer } });
  });
});
