import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LaggedReply } from '../../../src/routes/estimate/lagged/schema.js';
import { gaussian } from '../../data.js';
import { sharedService } from '../../service.js';

interface Series {
  readonly x: number[];
  readonly y: number[];
  readonly ksg: number[];
  readonly known: {
    readonly lags: number[];
    readonly auto_x: number[];
    readonly auto_y: number[];
    readonly x_to_y: number;
    readonly best_lag: number;
  };
}

const service = sharedService();
let golden: { lag_range: number[]; autoregressive: Series; logistic: Series };
beforeAll(async () => {
  golden = JSON.parse(await readFile('test/golden/lagged.json', 'utf8'));
});

async function lagged(body: object): Promise<LaggedReply> {
  const answer = await service.post<LaggedReply>(body, undefined, '/estimate/lagged');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const meanError = (values: readonly number[], known: readonly number[]) =>
  values.reduce((sum, v, i) => sum + Math.abs(v - (known[i] as number)), 0) / values.length;

describe('POST /estimate/lagged', () => {
  it('finds the known values of coupled autoregressive series at all lags', async () => {
    const { x, y, known, ksg } = golden.autoregressive;
    const reply = await lagged({
      x,
      y,
      lags: golden.lag_range,
      history: { source: 2, target: 1 },
      permutations: 39,
    });
    expect(reply.lags.map(({ lag }) => lag)).toEqual(golden.lag_range);
    expect(reply.best_lag).toBe(2);
    const estimates = reply.lags.map(({ estimate }) => estimate);
    expect(meanError(estimates, known.lags)).toBeLessThan(0.06);
    expect(meanError(estimates, known.lags)).toBeLessThan(1.5 * meanError(ksg, known.lags));
    const own = (side: 'x' | 'y') => reply.auto[side].map(({ estimate }) => estimate);
    expect(reply.auto.x.map(({ lag }) => lag)).toEqual([1, 2, 3, 4, 5]);
    expect(meanError(own('x'), known.auto_x)).toBeLessThan(0.06);
    expect(meanError(own('y'), known.auto_y)).toBeLessThan(0.1);
    const { x_to_y, y_to_x } = reply.transfer_entropy;
    expect(x_to_y.interval.lower).toBeLessThan(known.x_to_y);
    expect(x_to_y.interval.upper).toBeGreaterThan(known.x_to_y);
    expect(x_to_y.p_value).toBe(1 / 40);
    expect(y_to_x.estimate).toBeLessThan(0.1);
    expect(y_to_x.p_value).toBeGreaterThan(1 / 40);
    const best = reply.lags.find(({ lag }) => lag === 2);
    expect(best?.p_value).toBeLessThan(1e-3);
    expect(best?.q_value).toBeGreaterThanOrEqual(best?.p_value as number);
    expect(reply.warnings.map(({ code }) => code)).toContain('serial_dependence');
    expect(reply.block_length).toBe(23);
  });

  it('finds a noisy copy of the logistic map that is two rows late', async () => {
    const { x, y, known } = golden.logistic;
    const body = { x, y, lags: [0, 1, 2, 3], history: { source: 2, target: 1 }, permutations: 39 };
    const reply = await lagged(body);
    expect(reply.best_lag).toBe(2);
    expect(Math.abs((reply.lags[2]?.estimate as number) - known.best_lag)).toBeLessThan(0.35);
    expect(reply.lags[2]?.q_value).toBeLessThan(1e-3);
    const { x_to_y, y_to_x } = reply.transfer_entropy;
    expect(x_to_y.p_value).toBe(1 / 40);
    expect(x_to_y.interval.lower).toBeGreaterThan(y_to_x.estimate);
  });

  it('takes a lag as rows by which x leads, and is symmetric in the sides', async () => {
    const { x, y } = golden.autoregressive;
    const options = { permutations: 0, unit: 'bits' };
    const forth = await lagged({ x, y, lags: [2], ...options });
    const back = await lagged({ x: y, y: x, lags: [-2], ...options });
    forth.lags.forEach(({ estimate }, i) => {
      expect(back.lags[i]?.estimate).toBeCloseTo(estimate, 4);
    });
    const { x_to_y, y_to_x } = forth.transfer_entropy;
    expect(back.transfer_entropy.y_to_x.estimate).toBeCloseTo(x_to_y.estimate, 4);
    expect(back.transfer_entropy.x_to_y.estimate).toBeCloseTo(y_to_x.estimate, 4);
    expect(forth.lags[0]).not.toHaveProperty('p_value');
    // Both lags use the same rows of y: 2 … 498.
    const both = await lagged({ x, y, lags: [2, -1], ...options });
    const pair = { x: x.slice(0, 497), y: y.slice(2, 499), unit: 'bits' };
    expect(both.lags[0]?.estimate).toBeCloseTo((await service.post(pair)).body.estimate, 4);
  });

  it('finds nothing between independent series, and does not warn of dependence', async () => {
    const { x, y } = gaussian(3, 200, 1, 0);
    const reply = await lagged({ x, y, lags: [-2, -1, 0, 1, 2], permutations: 39, seed: 2 });
    for (const { q_value } of reply.lags) expect(q_value).toBeGreaterThan(0.01);
    expect(reply.transfer_entropy.x_to_y.p_value).toBeGreaterThan(1 / 40);
    expect(reply.warnings).toEqual([]);
  });

  it('answers the same for the same seed', async () => {
    const { x, y } = gaussian(4, 100, 1, 0.2);
    const body = { x, y, lags: [0, 1], permutations: 15, seed: 3 };
    const { timing: _1, id: _2, ...first } = await lagged(body);
    expect(await lagged(body)).toMatchObject(first);
  });
});

describe('POST /estimate/lagged refuses', () => {
  const x = [1, 3, 2, 5, 4, 6];
  it.each<[string, object, string, string]>([
    ['lags that leave no rows', { lags: [-3, 2] }, 'out_of_range', '/lags'],
    ['a lag beyond the rows', { lags: [100] }, 'out_of_range', '/lags'],
    ['no lags', { lags: [] }, 'out_of_range', '/lags'],
    ['a repeated lag', { lags: [1, 1] }, 'out_of_range', '/lags'],
    ['half a lag', { lags: [0.5] }, 'invalid_type', '/lags/0'],
    [
      'a history beyond the rows',
      { lags: [0], history: { source: 5 } },
      'out_of_range',
      '/history',
    ],
    [
      'a history of 0 rows',
      { lags: [0], history: { target: 0 } },
      'out_of_range',
      '/history/target',
    ],
    [
      'an unknown name in the history',
      { lags: [0], history: { x: 1 } },
      'unknown_field',
      '/history/x',
    ],
    [
      'blocks longer than half of the rows',
      { lags: [0], block_length: 4 },
      'out_of_range',
      '/block_length',
    ],
  ])('%s', async (_name, body, code, pointer) => {
    const answer = await service.post({ x, y: x, ...body }, undefined, '/estimate/lagged');
    expect(answer.body).toMatchObject({ code, pointer });
    expect(answer.status).toBe(400);
  });
});
