import { describe, expect, it } from 'vitest';
import type { ConditionalReply } from '../../../src/routes/estimate/conditional/schema.js';
import { normals } from '../../data.js';
import { readExample } from '../../examples.js';
import { sharedService } from '../../service.js';

const service = sharedService();

async function conditional(body: object): Promise<ConditionalReply> {
  const answer = await service.post<ConditionalReply>(body, undefined, '/estimate/conditional');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const ROWS = 300;

/** x and y that both depend on z and, given z, have a correlation of rho. */
function commonCause(seed: number, rho: number) {
  const normal = normals(seed);
  const z = Array.from({ length: ROWS }, normal);
  const own = z.map(normal);
  return {
    x: z.map((v, r) => v + (own[r] as number)),
    y: z.map((v, r) => v + rho * (own[r] as number) + Math.sqrt(1 - rho * rho) * normal()),
    z,
  };
}

describe('POST /estimate/conditional', () => {
  it('covers the true value of normal triples', async () => {
    for (const [seed, rho] of [
      [1, 0],
      [2, 0.5],
      [3, 0.9],
    ] as const) {
      const reply = await conditional({ ...commonCause(seed, rho), permutations: 0, level: 0.95 });
      const truth = -0.5 * Math.log(1 - rho * rho);
      expect(reply.interval.lower).toBeLessThanOrEqual(truth + 1e-9);
      expect(reply.interval.upper).toBeGreaterThanOrEqual(truth);
      expect(reply.interval.upper - reply.interval.lower).toBeLessThan(0.7);
      expect(reply).not.toHaveProperty('p_value');
      expect(reply.samples).toEqual({ rows: ROWS, dropped: 0, dim_x: 1, dim_y: 1, dim_z: 1 });
    }
  });

  it('tests conditional independence: a direct link is found, a common cause is not', async () => {
    const asked = { permutations: 99, seed: 1 };
    const none = await conditional({ ...commonCause(4, 0), ...asked });
    expect(none.p_value).toBeGreaterThan(0.05);
    // The test stopped early.
    expect(none.permutations).toBeLessThan(99);
    expect(none.unconditional.estimate).toBeGreaterThan(0.05);
    expect(none.interaction_information.interval.upper).toBeLessThan(0.05);
    const linked = await conditional({ ...commonCause(5, 0.6), ...asked });
    expect(linked).toMatchObject({ p_value: 0.01, permutations: 99 });
    expect(linked.p_value_error).toBeCloseTo(Math.sqrt((0.01 * 0.99) / 99), 10);
  });

  it('finds dependence that z reveals: z is the sum of independent columns', async () => {
    const normal = normals(6);
    const x = Array.from({ length: ROWS }, normal);
    const y = x.map(normal);
    const z = x.map((v, r) => v + (y[r] as number) + 0.5 * normal());
    const reply = await conditional({ x, y, z, permutations: 39 });
    // −½ log(1 − ρ²) of the partial correlation, −1 / 1.25.
    expect(reply.interval.lower).toBeLessThan(-0.5 * Math.log(1 - 0.64));
    expect(reply.interaction_information.interval.lower).toBeGreaterThan(0);
    expect(reply.p_value).toBe(1 / 40);
  });

  it('does not depend on which side is called x, nor on strictly monotone maps', async () => {
    const { x, y, z } = commonCause(7, 0.5);
    const options = { permutations: 0, quantiles: [0.1, 0.5, 0.9] };
    const plain = await conditional({ x, y, z, ...options });
    const swapped = await conditional({ x: y, y: x, z, ...options });
    const mapped = await conditional({
      x: x.map((v) => -(v ** 3)),
      y: y.map(Math.exp),
      z: z.map(Math.atan),
      ...options,
    });
    plain.quantiles.forEach(({ value }, k) => {
      expect(swapped.quantiles[k]?.value).toBeCloseTo(value, 4);
      expect(mapped.quantiles[k]?.value).toBeCloseTo(value, 4);
    });
  });

  it('obeys the chain rule: with I(X; Z), it adds up to I(X; (Y, Z))', async () => {
    const { bmi = [], target = [], bp = [], s6 = [] } = readExample('diabetes');
    const z = bp.map((v, r) => [v, s6[r] as number]);
    const given = await conditional({ x: bmi, y: target, z, permutations: 0, unit: 'bits' });
    const both = target.map((v, r) => [v, ...(z[r] as number[])]);
    const joint = (await service.post({ x: bmi, y: both, unit: 'bits' })).body;
    const part = (await service.post({ x: bmi, y: z, unit: 'bits' })).body;
    const difference = joint.estimate - part.estimate;
    expect(difference).toBeGreaterThan(given.interval.lower);
    expect(difference).toBeLessThan(given.interval.upper);
    expect(given.unit).toBe('bits');
  });

  it('is the plain estimate if z is constant', async () => {
    const { x, y } = commonCause(8, 0.5);
    const reply = await conditional({ x, y, z: x.map(() => 1), permutations: 39 });
    expect(reply.estimate).toBeCloseTo((await service.post({ x, y })).body.estimate, 2);
    expect(reply.p_value).toBe(1 / 40);
    expect(reply.warnings.map(({ code }) => code)).toContain('constant_column');
  });

  it('answers the same for the same seed', async () => {
    const body = { ...commonCause(9, 0.1), permutations: 19, seed: 5 };
    const { timing: _1, id: _2, ...first } = await conditional(body);
    expect(await conditional(body)).toMatchObject(first);
  });
});

describe('POST /estimate/conditional refuses', () => {
  const x = [1, 2, 3];
  const wide = x.map((v) => Array.from({ length: 40 }, (_, c) => v + c));
  it.each<[string, object, string, string]>([
    ['no z', { x, y: x }, 'missing_field', '/z'],
    ['a z with another number of rows', { x, y: x, z: [1, 2] }, 'unequal_rows', '/z'],
    [
      'more columns of y and z than a side may have',
      { x, y: wide, z: wide },
      'too_many_columns',
      '/z',
    ],
    ['a string as early_stop', { x, y: x, z: x, early_stop: 'no' }, 'invalid_type', '/early_stop'],
  ])('%s', async (_name, body, code, pointer) => {
    const answer = await service.post(body, undefined, '/estimate/conditional');
    expect(answer.body).toMatchObject({ code, pointer });
    expect(answer.status).toBe(400);
  });
});
