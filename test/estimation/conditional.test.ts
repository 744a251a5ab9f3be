import { describe, expect, it } from 'vitest';
import { conditional } from '../../src/estimation/conditional.js';
import { probit } from '../../src/maths/normal.js';
import type { NamedSide } from '../../src/samples/samples.js';
import { normals } from '../data.js';
import {
  askBy,
  ccaAsk,
  correlation,
  gaussianNats,
  model,
  partialCorrelation,
  SPREAD,
  sideOf,
} from './exact.js';

const ROWS = 400;
const normal = normals(1);
const column = () => Array.from({ length: ROWS }, normal);
const plus = (a: readonly number[], b: readonly number[], weight = 1) =>
  a.map((value, r) => value + weight * (b[r] as number));

const options = {
  level: 0.9,
  unit: 'nats' as const,
  taus: [0.5],
  permutations: 0,
  earlyStop: false,
  seed: 1,
  maxColumns: 4,
};

async function ask(columns: Record<'x' | 'y' | 'z', number[]>, more: Partial<typeof options> = {}) {
  const sides = {
    x: sideOf('x', columns.x),
    y: sideOf('y', columns.y),
    z: sideOf('z', columns.z),
  };
  return conditional(ccaAsk, sides, model, { ...options, ...more });
}

describe('conditional mutual information', () => {
  it('is that of the partial correlation, whichever side is called x', async () => {
    const z = column();
    const x = plus(column(), z);
    const y = plus(plus(column(), z), x, 0.7);
    const exact = gaussianNats(partialCorrelation(x, y, z));
    expect(exact).toBeGreaterThan(0.1);
    expect((await ask({ x, y, z })).estimate).toBeCloseTo(exact, 4);
    expect((await ask({ x: y, y: x, z })).estimate).toBeCloseTo(exact, 4);
  });

  it('adds the variances of the two estimates that it is a difference of', async () => {
    const z = column();
    const x = plus(column(), z);
    const { interval } = await ask({ x, y: plus(plus(column(), z), x), z });
    const width = 2 * probit(0.95) * Math.SQRT2 * SPREAD;
    expect((interval.upper - interval.lower) / width).toBeCloseTo(1, 1);
  });

  it('takes away what only passes through z', async () => {
    const x = column();
    const z = plus(x, column(), 0.5);
    const y = plus(z, column(), 0.5);
    const { estimate, unconditional, interaction_information } = await ask({ x, y, z });
    expect(unconditional.estimate).toBeCloseTo(gaussianNats(correlation(x, y)), 6);
    expect(unconditional.estimate).toBeGreaterThan(0.4);
    expect(estimate).toBeLessThan(0.02);
    expect(interaction_information.estimate).toBeCloseTo(estimate - unconditional.estimate, 2);
  });

  it('finds what z reveals of its independent causes: a positive interaction', async () => {
    const [x, y] = [column(), column()];
    const z = plus(plus(x, y), column(), 0.5);
    const { estimate, unconditional, interaction_information } = await ask({ x, y, z });
    expect(unconditional.estimate).toBeLessThan(0.02);
    expect(estimate).toBeGreaterThan(0.4);
    expect(interaction_information.estimate).toBeGreaterThan(0.4);
    expect(interaction_information).not.toHaveProperty('information_correlation');
  });

  it('is as unsure as the model is at odds with itself', async () => {
    const sides = { x: sideOf('x', column()), y: sideOf('y', column()), z: sideOf('z', column()) };
    // 0.4 nats by I(X; (Y, Z)) − I(X; Z), 0.7 by I(Y; (X, Z)) − I(Y; Z).
    const atOdds = askBy(({ x, y }) => {
      if (y === sides.z.matrix) return 0.1;
      return x === sides.x.matrix ? 0.5 : 0.8;
    });
    const { estimate, interval } = await conditional(atOdds, sides, model, options);
    expect(estimate).toBeCloseTo(0.55, 2);
    expect(interval.lower).toBeCloseTo(0.4, 1);
    expect(interval.upper).toBeCloseTo(0.7, 1);
    expect(interval.upper - interval.lower).toBeGreaterThan(0.3);
  });

  it('is reported in bits when asked', async () => {
    const [x, z] = [column(), column()];
    const samples = { x, y: plus(x, column()), z };
    const [nats, bits] = [await ask(samples), await ask(samples, { unit: 'bits' as never })];
    expect(bits.estimate).toBeCloseTo(nats.estimate / Math.LN2, 10);
    expect(bits.quantiles[0]?.value).toBeCloseTo(nats.estimate / Math.LN2, 10);
  });
});

describe('the conditional test', () => {
  it('finds a link that z does not explain, and none where z explains all', async () => {
    const z = column();
    const x = plus(column(), z);
    const linked = await ask({ x, y: plus(plus(column(), z), x), z }, { permutations: 99 });
    expect(linked.p_value).toBe(0.01);
    const explained = await ask({ x, y: plus(column(), z), z }, { permutations: 99 });
    expect(explained.p_value).toBeGreaterThan(0.05);
    expect(explained.permutations).toBe(99);
  });

  it('is left out without permutations', async () => {
    const [x, y, z] = [column(), column(), column()];
    expect(await ask({ x, y, z })).not.toHaveProperty('p_value');
  });
});

describe('conditional refuses', () => {
  it('z with a side that is too wide for one estimate', async () => {
    const wide = (name: string, columns: number): NamedSide =>
      sideOf(name, ...Array.from({ length: columns }, column));
    const sides = { x: wide('x', 1), y: wide('y', 3), z: wide('z', 2) };
    await expect(conditional(ccaAsk, sides, model, options)).rejects.toMatchObject({
      code: 'too_many_columns',
      details: { pointer: '/z' },
    });
    const fits = { ...sides, y: wide('y', 2) };
    expect((await conditional(ccaAsk, fits, model, options)).estimate).toBeGreaterThanOrEqual(0);
  });
});
