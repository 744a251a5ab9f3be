import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Warning } from '../../../src/warnings.js';
import { gaussian, mixed, uniforms } from '../../data.js';
import { sharedService, startService } from '../../service.js';

const service = sharedService();

const codes = (warnings: Warning[]) => warnings.map(({ code }) => code);

describe('the answer of POST /estimate', () => {
  it('is near the mutual information of a bivariate normal and covers it', async () => {
    const truth = -0.5 * Math.log(1 - 0.9 ** 2);
    const { status, body } = await service.post({ ...gaussian(3, 500, 1, 0.9), id: 'rho-0.9' });
    expect(status).toBe(200);
    expect(Math.abs(body.estimate - truth)).toBeLessThan(0.2);
    expect(body.interval.lower).toBeLessThan(truth);
    expect(body.interval.upper).toBeGreaterThan(truth);
    expect(body).toMatchObject({
      unit: 'nats',
      interval: { level: 0.9 },
      samples: { rows: 500, dim_x: 1, dim_y: 1, dropped: 0 },
      warnings: [],
      id: 'rho-0.9',
    });
    expect(body.median).toBe(body.estimate);
    expect(body.information_correlation).toBeCloseTo(
      Math.sqrt(1 - Math.exp(-2 * body.estimate)),
      9,
    );
  });

  it('is near the mutual information of columns with few distinct values', async () => {
    const shares = [0.6, 0.24, 0.1, 0.06];
    // Each column of y equals that of x in half of the rows, and is independent in the others.
    const both = (u: number, v: number) =>
      0.5 * (u === v ? (shares[u] as number) : 0) +
      0.5 * (shares[u] as number) * (shares[v] as number);
    const truth =
      3 *
      shares
        .flatMap((p, u) => shares.map((q, v) => both(u, v) * Math.log(both(u, v) / (p * q))))
        .reduce((sum, term) => sum + term, 0);
    for (const rows of [200, 1000, 2000]) {
      const uniform = uniforms(rows);
      const value = () => {
        const u = uniform();
        return u < 0.6 ? 0 : u < 0.84 ? 1 : u < 0.94 ? 2 : 3;
      };
      const x = Array.from({ length: rows }, () => [value(), value(), value()]);
      const y = x.map((row) => row.map((v) => (uniform() < 0.5 ? v : value())));
      const { status, body } = await service.post({ x, y });
      expect(status).toBe(200);
      expect(Math.abs(body.estimate - truth)).toBeLessThan(0.25);
    }
  });

  it('is small for independent columns', async () => {
    const { body } = await service.post(gaussian(4, 400, 1, 0));
    expect(body.estimate).toBeLessThan(0.1);
  });

  it('names the model by the checksum of its file', async () => {
    const { body } = await service.post(gaussian(5, 50, 1, 0.5));
    const bytes = await readFile('models/mist/model.onnx');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(body.model).toMatchObject({ id: 'mist', sha256 });
  });

  it('is the same for a flat array and for rows of one number', async () => {
    const { x, y } = gaussian(6, 60, 1, 0.7);
    const rows = await service.post({ x, y });
    const flat = await service.post({ x: x.flat(), y: y.flat() });
    expect(flat.body.quantiles).toEqual(rows.body.quantiles);
  });

  it('has quantiles for any taus, in the order of the request', async () => {
    const taus = [0.999, 0.001, 0.5, 0.37, 0.5, 1e-9];
    const { body } = await service.post({ ...gaussian(7, 200, 1, 0.8), quantiles: taus });
    expect(body.quantiles.map(({ tau }) => tau)).toEqual(taus);
    const byTau = [...body.quantiles].sort((a, b) => a.tau - b.tau);
    const values = byTau.map(({ value }) => value);
    expect([...values].sort((a, b) => a - b)).toEqual(values);
    expect(body.quantiles[2]?.value).toBe(body.median);
    const none = await service.post({ ...gaussian(7, 200, 1, 0.8), quantiles: [] });
    expect(none.body.quantiles).toEqual([]);
  });

  it('has an interval at the requested level, wider for higher levels', async () => {
    const samples = gaussian(8, 100, 1, 0.6);
    const widths: number[] = [];
    for (const level of [0.01, 0.5, 0.9, 0.999, 1 - 2 ** -53]) {
      const { body } = await service.post({ ...samples, level, quantiles: [(1 - level) / 2] });
      expect(body.interval.level).toBe(level);
      expect(body.interval.lower).toBe(body.quantiles[0]?.value);
      widths.push(body.interval.upper - body.interval.lower);
    }
    expect([...widths].sort((a, b) => a - b)).toEqual(widths);
    expect(widths.every(Number.isFinite)).toBe(true);
  });

  it('is in bits on request', async () => {
    const samples = gaussian(9, 100, 2, 0.6);
    const nats = (await service.post(samples)).body;
    const bits = (await service.post({ ...samples, unit: 'bits' })).body;
    expect(bits.unit).toBe('bits');
    expect(bits.estimate * Math.LN2).toBeCloseTo(nats.estimate, 10);
    expect(bits.mean * Math.LN2).toBeCloseTo(nats.mean, 10);
    expect(bits.interval.upper * Math.LN2).toBeCloseTo(nats.interval.upper, 10);
    expect(bits.information_correlation).toBe(nats.information_correlation);
  });

  it('states how long each part took', async () => {
    const { timing } = (await service.post(mixed(10, 500, 8, 8))).body;
    const { parse_ms, queue_ms, encode_ms, inference_ms, total_ms } = timing;
    for (const part of [parse_ms, encode_ms, inference_ms]) expect(part).toBeGreaterThan(0);
    expect(parse_ms + queue_ms + encode_ms + inference_ms).toBeLessThanOrEqual(total_ms);
  });

  it('accepts as few as two rows, and many columns', async () => {
    for (const [rows, dimX, dimY] of [
      [2, 1, 1],
      [3, 1, 2],
      [5, 3, 1],
      [2, 64, 64],
      [40, 64, 1],
    ] as const) {
      const { status, body } = await service.post(mixed(rows, rows, dimX, dimY));
      expect(status, JSON.stringify(body)).toBe(200);
    }
  });

  it('accepts the largest and the smallest numbers', async () => {
    const x = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    const { status } = await service.post({ x, y: x.map((v) => -v) });
    expect(status).toBe(200);
  });

  it('has the request id that was sent, or a new one', async () => {
    const json = { 'content-type': 'application/json' };
    const samples = gaussian(11, 30, 1, 0.5);
    const given = await service.post(samples, { ...json, 'x-request-id': 'trace-42.a:b' });
    expect(given.headers.get('x-request-id')).toBe('trace-42.a:b');
    expect(given.body.id).toBe('trace-42.a:b');
    const insane = await service.post(samples, { ...json, 'x-request-id': 'a b"c' });
    expect(insane.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('requests that share a run', () => {
  it('get exactly the answers that they get alone', async () => {
    const busy = await startService({ WORKERS: 1 });
    try {
      const bodies = Array.from({ length: 24 }, (_, i) =>
        gaussian(60 + i, i < 12 ? 50 : 37, 1 + (i % 3), i / 24),
      );
      const shared = await Promise.all(bodies.map((body) => busy.post(body)));
      const runs = new Set(shared.map(({ body }) => body.timing.inference_ms));
      expect(runs.size).toBeLessThan(bodies.length / 2);
      for (const [i, body] of bodies.entries()) {
        const { estimate, mean, quantiles, interval } = (await busy.post(body)).body;
        expect(shared[i]?.body).toMatchObject({ estimate, mean, quantiles, interval });
      }
    } finally {
      await busy.close();
    }
  });
});

describe('warnings', () => {
  it('few_rows below 30 rows', async () => {
    expect(codes((await service.post(gaussian(12, 29, 1, 0.5))).body.warnings)).toEqual([
      'few_rows',
    ]);
    expect((await service.post(gaussian(12, 30, 1, 0.5))).body.warnings).toEqual([]);
  });

  it('outside_trained_range states the trained range of rows and of columns', async () => {
    const model = 'mist-paper';
    const rows = (await service.post({ ...gaussian(13, 501, 1, 0.5), model })).body.warnings;
    expect(codes(rows)).toEqual(['outside_trained_range']);
    expect(rows[0]?.message).toMatch(/rows is 501; the model was trained on 10 to 500.*2 blocks/);
    const columns = (await service.post({ ...mixed(14, 50, 33, 2), model })).body.warnings;
    expect(columns[0]?.message).toContain('dim_x is 33; the model was trained on');
  });

  it('constant_column names columns, which do not affect the estimate', async () => {
    const { x, y } = mixed(15, 80, 2, 1);
    const plain = (await service.post({ x, y })).body;
    const padded = (await service.post({ x: x.map((row) => [row[0], 7, row[1]]), y })).body;
    expect(codes(padded.warnings)).toEqual(['constant_column']);
    expect(padded.warnings[0]?.message).toContain('x1');
    expect(padded.estimate).toBe(plain.estimate);
    expect(padded.samples.dim_x).toBe(3);
  });

  it('redundant_column names repeated columns, which do not affect the estimate', async () => {
    const { x, y } = mixed(20, 80, 2, 1);
    const plain = (await service.post({ x, y })).body;
    const more = x.map(([a = 0, b = 0]) => [a, b, 9 - Math.exp(a)]);
    const padded = (await service.post({ x: more, y })).body;
    expect(codes(padded.warnings)).toEqual(['redundant_column']);
    expect(padded.warnings[0]?.message).toContain('x2');
    expect(padded.estimate).toBe(plain.estimate);
  });

  it('constant_column for a whole side: exactly 0', async () => {
    for (const rows of [100, 1200]) {
      const { x } = gaussian(16, rows, 2, 0.5);
      const { body } = await service.post({ x, y: x.map(() => [3, -0.5]), level: 0.99 });
      expect(body).toMatchObject({
        estimate: 0,
        mean: 0,
        interval: { lower: 0, upper: 0 },
        information_correlation: 0,
      });
      expect(codes(body.warnings)).toContain('constant_column');
      expect(body.timing.inference_ms).toBe(0);
    }
  });

  it('ties for a column with few distinct values among others, but not for a rounded one', async () => {
    const { x, y } = gaussian(17, 400, 1, 0.5);
    const coarse = { x: x.map(([v = 0], r) => [Math.sign(v), r % 7]), y };
    const warnings = (await service.post(coarse)).body.warnings;
    expect(codes(warnings)).toEqual(['ties']);
    expect(warnings[0]?.message).toContain('x0');
    const rounded = { x: x.map(([v = 0]) => Math.round(v * 20) / 20), y };
    expect((await service.post(rounded)).body.warnings).toEqual([]);
    // An estimator for classes answers these.
    const classes = { x: x.map(([v = 0]) => Math.sign(v)), y };
    expect((await service.post(classes)).body.warnings).toEqual([]);
  });

  it('duplicate_rows counts repeated rows', async () => {
    const { x, y } = gaussian(18, 100, 2, 0.5);
    const { body } = await service.post({ x: [...x, ...x], y: [...y, ...y] });
    expect(codes(body.warnings)).toEqual(['duplicate_rows']);
    expect(body.warnings[0]?.message).toMatch(/^100 of 200 rows/);
  });

  it('near_deterministic for a column that another determines', async () => {
    const { x } = gaussian(19, 100, 2, 0.5);
    const { body } = await service.post({ x, y: x.map(([, b = 0]) => -(b ** 3)) });
    expect(codes(body.warnings)).toEqual(['near_deterministic']);
  });

  it('near_deterministic for classes and a copy of them, which share their entropy', async () => {
    const x = Array.from({ length: 60 }, (_, r) => r % 3);
    const { body } = await service.post({ x, y: x });
    const warning = body.warnings.find(({ code }) => code === 'near_deterministic');
    expect(warning?.message).toContain('x and y determine each other');
    expect(body.entropy_y).toBeCloseTo(Math.log(3), 10);
  });

  it('near_deterministic for a column that is a non-monotone function of the other', async () => {
    const { x } = gaussian(20, 300, 1, 0.5);
    const y = x.map(([a = 0]) => Math.sin(3 * a));
    const { body } = await service.post({ x, y });
    const [warning] = body.warnings;
    expect(codes(body.warnings)).toEqual(['near_deterministic']);
    expect(warning?.message).toMatch(
      /^One of x and y has a column that is almost a function of the other side/,
    );
  });
});
