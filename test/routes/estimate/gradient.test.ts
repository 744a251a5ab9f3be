import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import type { GradientReply } from '../../../src/routes/estimate/gradient/schema.js';
import { gaussian, mixed, normals } from '../../data.js';
import { type Answer, sharedService, startService } from '../../service.js';

const service = sharedService();

const ask = (body: unknown): Promise<Answer<GradientReply>> =>
  service.post<GradientReply>(body, undefined, '/estimate/gradient');
const refused = (body: unknown) => service.post<Problem>(body, undefined, '/estimate/gradient');
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const sizeOf = (values: number[]) => sum(values.map(Math.abs));

describe('POST /estimate/gradient', () => {
  it('differentiates the estimate that /estimate gives, in the shape of the samples', async () => {
    const samples = mixed(1, 120, 3, 2);
    const { status, body } = await ask({ ...samples, id: 'g' });
    expect(status, JSON.stringify(body)).toBe(200);
    const plain = (await service.post(samples)).body;
    expect(body).toMatchObject({ estimate: plain.estimate, tau: 0.5, unit: 'nats', id: 'g' });
    expect(body.model).toEqual(plain.model);
    expect(body.warnings).toEqual(plain.warnings);
    const shape = (rows: unknown) => (rows as number[][]).map((row) => row.length);
    expect(shape(body.grad_x)).toEqual(shape(samples.x));
    expect(shape(body.grad_y)).toEqual(shape(samples.y));
    expect(sizeOf((body.grad_x as number[][]).flat())).toBeGreaterThan(0);
  });

  it('differentiates any quantile, at a knot and between knots', async () => {
    const samples = gaussian(2, 80, 1, 0.7);
    const gradients: number[][] = [];
    for (const tau of [0.05, 0.33, 0.999]) {
      const { body } = await ask({ ...samples, tau });
      const plain = (await service.post({ ...samples, quantiles: [tau] })).body;
      expect(body.estimate).toBe(plain.quantiles[0]?.value);
      gradients.push((body.grad_x as number[][]).flat());
    }
    expect(gradients[0]).not.toEqual(gradients[1]);
    expect(gradients.flat().every(Number.isFinite)).toBe(true);
  });

  it('answers flat arrays with flat arrays', async () => {
    const { x, y } = gaussian(3, 50, 1, 0.6);
    const rows = (await ask({ x, y })).body;
    const flat = (await ask({ x: x.flat(), y })).body;
    expect(flat.grad_x).toEqual((rows.grad_x as number[][]).flat());
    expect(flat.grad_y).toEqual(rows.grad_y);
  });

  it('is per unit of the column, and sums to 0 over a column', async () => {
    const { x, y } = gaussian(4, 90, 1, 0.8);
    const plain = (await ask({ x: x.flat(), y: y.flat() })).body.grad_x as number[];
    const scaled = (await ask({ x: x.flat().map((v) => 8 * v - 40), y: y.flat() })).body;
    (scaled.grad_x as number[]).forEach((value, r) => {
      expect(8 * value).toBeCloseTo(plain[r] as number, 8);
    });
    expect(Math.abs(sum(plain))).toBeLessThan(1e-9 * sizeOf(plain));
  });

  it('is in the requested unit', async () => {
    const { x, y } = gaussian(5, 60, 1, 0.5);
    const samples = { x: x.flat(), y: y.flat() };
    const nats = (await ask(samples)).body;
    const bits = (await ask({ ...samples, unit: 'bits' })).body;
    expect(bits.estimate * Math.LN2).toBeCloseTo(nats.estimate, 10);
    (bits.grad_x as number[]).forEach((value, r) => {
      expect(value * Math.LN2).toBeCloseTo((nats.grad_x as number[])[r] as number, 10);
    });
  });

  it('is 0 for columns that the estimate ignores', async () => {
    const { x, y } = mixed(6, 70, 1, 1);
    const more = x.map(([v = 0]) => [v, 3, Math.exp(v)]);
    const { body } = await ask({ x: more, y });
    const alone = (await ask({ x, y })).body;
    const columns = [0, 1, 2].map((c) =>
      (body.grad_x as number[][]).map((row) => row[c] as number),
    );
    expect(columns[0]).toEqual((alone.grad_x as number[][]).flat());
    expect(sizeOf([...(columns[1] as number[]), ...(columns[2] as number[])])).toBe(0);
    const none = (await ask({ x: x.map(() => 1), y })).body;
    expect(none.estimate).toBe(0);
    expect(sizeOf((none.grad_y as number[][]).flat())).toBe(0);
  });

  it('is 0 for dummies, which are read as labels, but not for other columns', async () => {
    const { x, y } = gaussian(9, 150, 1, 0.7);
    const labels = x.map(([v = 0], r) => Math.min(2, Math.abs(Math.trunc(2 * v))) + 3 * (r % 2));
    const hot = labels.map((label) => [0, 1, 2, 3, 4, 5].map((known) => Number(known === label)));
    const { status, body } = await ask({ x: hot.map((row, r) => [...row, r % 7]), y });
    expect(status, JSON.stringify(body)).toBe(200);
    const columns = (side: unknown, c: number) => (side as number[][]).map((row) => row[c] ?? 0);
    for (const c of [0, 1, 2, 3, 4, 5]) expect(sizeOf(columns(body.grad_x, c))).toBe(0);
    expect(sizeOf(columns(body.grad_x, 6))).toBeGreaterThan(0);
    expect(sizeOf(columns(body.grad_y, 0))).toBeGreaterThan(0);
  });

  it('covers more rows than a block of the model', async () => {
    const { x, y } = gaussian(7, 1100, 1, 0.8);
    const samples = { x: x.flat(), y: y.flat(), model: 'mist-paper' };
    for (const tau of [0.5, 0.2]) {
      const { status, body } = await ask({ ...samples, tau });
      expect(status, JSON.stringify(body)).toBe(200);
      const gradient = body.grad_x as number[];
      expect(gradient.filter((value) => value !== 0).length).toBeGreaterThan(1090);
      expect(Math.abs(sum(gradient))).toBeLessThan(1e-9 * sizeOf(gradient));
    }
  });

  it('answers its documented examples', async () => {
    const { components } = JSON.parse(await readFile('openapi/openapi.json', 'utf8'));
    const { examples } = components.schemas.GradientRequest;
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect((await ask(example)).status).toBe(200);
  });

  it('points in a direction in which the estimate rises', async () => {
    const { x, y } = gaussian(8, 300, 1, 0.5);
    let at = x.flat();
    const start = (await ask({ x: at, y })).body;
    for (let step = 0; step < 5; step++) at = climbed(at, (await ask({ x: at, y })).body, 0.08);
    expect((await ask({ x: at, y })).body.estimate).toBeGreaterThan(start.estimate + 0.05);
  });

  it('leads a representation to within a tenth of the largest information', async () => {
    // y is the first of two coordinates plus noise. The representation is a direction in their
    // plane; it starts at 80° from the best one.
    const noise = 0.6;
    const normal = normals(9);
    let angle = (80 * Math.PI) / 180;
    for (let step = 0; step < 30; step++) {
      const s = Array.from({ length: 300 }, () => [normal(), normal()] as const);
      const y = s.map(([first]) => first + noise * normal());
      const x = s.map(([a, b]) => a * Math.cos(angle) + b * Math.sin(angle));
      const gradient = (await ask({ x, y })).body.grad_x as number[];
      const turn = s.map(([a, b]) => -a * Math.sin(angle) + b * Math.cos(angle));
      const slope = sum(gradient.map((g, r) => g * (turn[r] as number)));
      angle += Math.max(-0.15, Math.min(0.15, 0.4 * slope));
    }
    const information = (correlation2: number) => -0.5 * Math.log(1 - correlation2);
    const best = 1 / (1 + noise ** 2);
    expect(information(Math.cos(angle) ** 2 * best)).toBeGreaterThan(0.9 * information(best));
  });
});

describe('POST /estimate/gradient refuses', () => {
  const column = [1, 2, 3, 4];
  it.each([
    ['tau 0', { x: column, y: column, tau: 0 }, 400, 'out_of_range', '/tau'],
    ['tau 1', { x: column, y: column, tau: 1 }, 400, 'out_of_range', '/tau'],
    ['tau in quotes', { x: column, y: column, tau: '0.5' }, 400, 'invalid_type', '/tau'],
    ['a level', { x: column, y: column, level: 0.9 }, 400, 'unknown_field', '/level'],
    ['ragged rows', { x: [[1], [2, 3]], y: [1, 2] }, 400, 'ragged_rows', '/x/1'],
    ['a missing y', { x: column }, 400, 'missing_field', '/y'],
    ['an unknown model', { x: column, y: column, model: 'm' }, 404, 'unknown_model', '/model'],
  ])('%s', async (_name, body, status, code, pointer) => {
    const answer = await refused(body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code, pointer });
  });

  it('a model without gradient.onnx', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mistd-models-'));
    await cp('models/mist-paper', join(folder, 'mist-paper'), { recursive: true });
    const file = join(folder, 'mist-paper', 'manifest.json');
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    delete manifest.files['gradient.onnx'];
    await writeFile(file, JSON.stringify(manifest));
    const other = await startService({
      MODELS_DIR: folder,
      WORKERS: 1,
      DEFAULT_MODEL: 'mist-paper',
    });
    try {
      const body = { x: column, y: column };
      expect((await other.post(body)).status).toBe(200);
      const answer = await other.post<Problem>(body, undefined, '/estimate/gradient');
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'no_gradient', pointer: '/model' });
    } finally {
      await other.close();
      await rm(folder, { recursive: true });
    }
  });
});

/** Moves x in the direction of the gradient, by a step of this root mean square size. */
function climbed(x: number[], { grad_x }: GradientReply, size: number): number[] {
  const gradient = grad_x as number[];
  const length = Math.sqrt(sum(gradient.map((g) => g * g)) / gradient.length);
  return x.map((value, r) => value + (size * (gradient[r] as number)) / length);
}
