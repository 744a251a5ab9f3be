import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import { mixed } from '../../data.js';
import { type Service, startService } from '../../service.js';

/** Predictions of the reference package; test/golden/mist_reference.py makes them and the models. */
interface Golden {
  taus: number[];
  cases: { x: number[][]; y: number[][]; 'mist-qr-random': number[]; 'mist-random': number[] }[];
}
const golden: Golden = JSON.parse(readFileSync('test/golden/mist_reference.json', 'utf8'));
const cases = golden.cases.map((c, i) => [i, c] as const);

let service: Service;
beforeAll(async () => {
  service = await startService({
    MODELS_DIR: 'test/fixtures/reference-models',
    DEFAULT_MODEL: 'mist-qr-random',
    WORKERS: 1,
  });
});
afterAll(() => service.close());

const codes = (warnings: { code: string }[]) => warnings.map(({ code }) => code);

describe('a model of kind mist-reference', () => {
  it.each(cases)('gives the quantiles of the reference package, case %i', async (_i, c) => {
    const { status, body } = await service.post({ x: c.x, y: c.y, quantiles: golden.taus });
    expect(status, JSON.stringify(body)).toBe(200);
    const expected = c['mist-qr-random'];
    body.quantiles.forEach(({ value }, k) => {
      expect(Math.abs(value - (expected[k] as number))).toBeLessThan(1e-4);
    });
    expect(body.interval.lower).toBe(body.quantiles[0]?.value);
    expect(codes(body.warnings)).toContain('reference_model');
    expect(codes(body.warnings)).not.toContain('no_uncertainty');
  });

  it.each(cases)('gives the point estimate of the reference package, case %i', async (_i, c) => {
    const { body } = await service.post({ x: c.x, y: c.y, model: 'mist-random' });
    const [expected = Number.NaN] = c['mist-random'];
    for (const value of [body.estimate, body.interval.lower, body.interval.upper]) {
      expect(Math.abs(value - expected)).toBeLessThan(1e-4);
    }
    expect(codes(body.warnings)).toEqual(
      expect.arrayContaining(['reference_model', 'no_uncertainty']),
    );
  });

  it('reads values instead of ranks, so that units matter', async () => {
    const { x, y } = golden.cases[1] as Golden['cases'][number];
    const plain = (await service.post({ x, y })).body;
    const scaled = (await service.post({ x: x.map((row) => row.map((v) => 9 * v)), y })).body;
    expect(scaled.estimate).not.toBeCloseTo(plain.estimate, 6);
  });

  it('estimates rows beyond its trained range in blocks, with a warning', async () => {
    const { status, body } = await service.post(mixed(3, 1200, 2, 2));
    expect(status).toBe(200);
    expect(codes(body.warnings)).toContain('outside_trained_range');
    expect(body.warnings.map(({ message }) => message).join()).toContain('3 blocks');
  });

  it('refuses columns that it would cut off, and values that are too large for it', async () => {
    const wide = await service.post<Problem>(mixed(4, 20, 40, 25));
    expect(wide.status).toBe(400);
    expect(wide.body).toMatchObject({ code: 'too_many_columns' });
    expect(wide.body.detail).toContain('65 columns together');
    const huge = await service.post<Problem>({ x: [1, 2, 3e15], y: [1, 2, 3] });
    expect(huge.status).toBe(400);
    expect(huge.body).toMatchObject({ code: 'out_of_range', pointer: '/x' });
  });

  it('does not warn of constant columns, because it does not ignore them', async () => {
    const { x } = mixed(5, 40, 1, 1);
    const { status, body } = await service.post({ x, y: x.map(() => 2) });
    expect(status).toBe(200);
    expect(codes(body.warnings)).not.toContain('constant_column');
  });
});
