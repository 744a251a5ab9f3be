import { describe, expect, it } from 'vitest';
import { type LaggedOptions, lagged } from '../../src/estimation/lagged.js';
import { normals } from '../data.js';
import {
  ccaAsk,
  correlation,
  gaussianNats,
  model,
  noting,
  partialCorrelation,
  sideOf,
} from './exact.js';

const ROWS = 300;
const normal = normals(8);
const noise = () => Array.from({ length: ROWS }, normal);

const options: LaggedOptions = {
  level: 0.9,
  unit: 'nats',
  lags: [-2, -1, 0, 1, 2],
  history: { source: 1, target: 1 },
  blockLength: undefined,
  permutations: 0,
  earlyStop: false,
  seed: 2,
  maxColumns: 8,
};

const ask = (x: number[], y: number[], more: Partial<LaggedOptions> = {}) =>
  lagged(ccaAsk, { x: sideOf('x', x), y: sideOf('y', y) }, model, { ...options, ...more });

/** y follows x by a number of rows. */
function following(lag: number): { x: number[]; y: number[] } {
  const x = noise();
  return { x, y: x.map((_, t) => (x[t - lag] ?? normal()) + 0.5 * normal()) };
}

describe('lagged', () => {
  it('finds the lag by which x leads, positive, and the same one negative when y leads', async () => {
    const { x, y } = following(2);
    const forth = await ask(x, y);
    expect(forth.best_lag).toBe(2);
    const back = await ask(y, x);
    expect(back.best_lag).toBe(-2);
    const at = (reply: typeof forth, lag: number) =>
      reply.lags.find((one) => one.lag === lag)?.estimate as number;
    expect(at(back, -2)).toBeCloseTo(at(forth, 2), 1);
    expect(at(forth, 0)).toBeLessThan(0.05);
  });

  it('compares every lag over the same rows', async () => {
    const { x, y } = following(1);
    const { lags } = await ask(x, y, { lags: [-1, 1, 3] });
    // The rows 3 … 298 have a partner at each of the lags.
    const now = y.slice(3, ROWS - 1);
    for (const { lag, estimate } of lags) {
      const exact = gaussianNats(correlation(x.slice(3 - lag, ROWS - 1 - lag), now));
      expect(estimate, `lag ${lag}`).toBeCloseTo(exact, 6);
    }
  });

  it('compares each series with its own past, once per size of a lag', async () => {
    const x = noise();
    for (let t = 1; t < ROWS; t++) x[t] = 0.9 * (x[t - 1] as number) + 0.4 * (x[t] as number);
    const { auto } = await ask(x, noise(), { lags: [-1, 1, 0, 4] });
    expect(auto.x.map(({ lag }) => lag)).toEqual([1, 4]);
    expect(auto.x[0]?.estimate).toBeGreaterThan(0.5);
    expect(auto.x[1]?.estimate).toBeLessThan(auto.x[0]?.estimate as number);
    expect(auto.y[0]?.estimate).toBeLessThan(0.05);
  });
});

describe('transfer entropy', () => {
  it('is that of the partial correlation, and flows from the leading series', async () => {
    const [x, y] = [noise(), noise()];
    for (let t = 1; t < ROWS; t++) {
      x[t] = 0.6 * (x[t - 1] as number) + (x[t] as number);
      y[t] = 0.4 * (y[t - 1] as number) + (x[t - 1] as number) + (y[t] as number);
    }
    const { transfer_entropy } = await ask(x, y);
    const [now, pastX, pastY] = [y.slice(1), x.slice(0, -1), y.slice(0, -1)];
    const exact = gaussianNats(partialCorrelation(now, pastX, pastY));
    expect(transfer_entropy.x_to_y.estimate).toBeCloseTo(exact, 4);
    expect(exact).toBeGreaterThan(0.2);
    expect(transfer_entropy.y_to_x.estimate).toBeLessThan(0.05);
  });

  it('reaches as far back as the history', async () => {
    const { x, y } = following(3);
    const short = await ask(x, y, { history: { source: 2, target: 1 } });
    expect(short.transfer_entropy.x_to_y.estimate).toBeLessThan(0.05);
    const long = await ask(x, y, { history: { source: 3, target: 1 } });
    expect(long.transfer_entropy.x_to_y.estimate).toBeGreaterThan(0.5);
  });
});

describe('the history', () => {
  it('has its own length for the source and for the target', async () => {
    const { ask, asked } = noting(ccaAsk);
    const sides = { x: sideOf('x', noise()), y: sideOf('y', noise()) };
    const history = { source: 3, target: 2 };
    await lagged(ask, sides, model, { ...options, lags: [0], history });
    // After the one lag, each way: the present with both pasts, the source's past with the rest,
    // and both with the target's past alone.
    const way = [
      [1, 5],
      [3, 3],
      [1, 2],
      [3, 2],
    ];
    expect(asked.slice(1).map(({ x, y }) => [x.columns, y.columns])).toEqual([...way, ...way]);
    expect(new Set(asked.slice(1).map(({ x }) => x.rows))).toEqual(new Set([ROWS - 3]));
  });
});

describe('the tests of lags', () => {
  it('single out the true lag and the true direction', async () => {
    const { x, y } = following(2);
    const history = { source: 2, target: 1 };
    const { lags, transfer_entropy } = await ask(x, y, { permutations: 60, history });
    for (const { lag, p_value = 0, q_value = 0 } of lags) {
      if (lag === 2) expect(q_value).toBeLessThan(0.01);
      else expect(p_value, `lag ${lag}`).toBeGreaterThan(0.01);
    }
    expect(transfer_entropy.x_to_y.p_value).toBe(1 / 61);
    expect(transfer_entropy.y_to_x.p_value).toBeGreaterThan(0.03);
  });

  it('keep runs of rows together, √rows long by default', async () => {
    const { x, y } = following(1);
    for (const [blockLength, length] of [
      [undefined, 18],
      [7, 7],
    ] as const) {
      const { ask, asked } = noting(ccaAsk);
      const sides = { x: sideOf('x', x), y: sideOf('y', y) };
      const some = { ...options, blockLength, permutations: 5 };
      expect((await lagged(ask, sides, model, some)).block_length).toBe(length);
      const blocks = asked.flatMap(({ shuffle }) => (shuffle?.kind === 'blocks' ? [shuffle] : []));
      expect(blocks.map((shuffle) => shuffle.length)).toEqual(new Array(5).fill(length));
    }
  });

  it('come with a warning where both series move slowly', async () => {
    const walk = noise();
    for (let t = 1; t < ROWS; t++) walk[t] = 0.9 * (walk[t - 1] as number) + (walk[t] as number);
    const slow = await ask(walk, [...walk].reverse());
    expect(slow.warnings.map(({ code }) => code)).toContain('serial_dependence');
    const one = await ask(walk, noise());
    expect(one.warnings.map(({ code }) => code)).not.toContain('serial_dependence');
  });
});

describe('lagged refuses', () => {
  it.each<[string, Partial<LaggedOptions>, string, string]>([
    ['lags that leave one row', { lags: [-2, 2] }, 'out_of_range', '/lags'],
    [
      'a history as long as the series',
      { history: { source: 4, target: 1 } },
      'out_of_range',
      '/history',
    ],
    ['a block of more than half the rows', { blockLength: 3 }, 'out_of_range', '/block_length'],
    ['pasts of too many columns', { maxColumns: 1 }, 'too_many_columns', '/history'],
  ])('%s', async (_name, more, code, pointer) => {
    const few = [1, 3, 2, 5, 4];
    await expect(ask(few, few, { lags: [0], ...more })).rejects.toMatchObject({
      code,
      details: { pointer },
    });
  });
});
