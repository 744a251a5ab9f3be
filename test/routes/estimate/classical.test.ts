import { describe, expect, it } from 'vitest';
import { classicalEstimates } from '../../../src/classical/classical.js';
import type { Problem } from '../../../src/http/problem-schema.js';
import type { ClassicalReply } from '../../../src/routes/estimate/classical/schema.js';
import { gaussian, normals, samplesOf, uniforms } from '../../data.js';
import { sharedService, startService } from '../../service.js';

const service = sharedService();

const JSON_TYPE = { 'content-type': 'application/json' };
const ask = <T = ClassicalReply>(body: object) =>
  service.post<T>(body, JSON_TYPE, '/estimate/classical');

describe('POST /estimate/classical', () => {
  it('answers by every method, in the requested order and unit', async () => {
    const { x, y } = gaussian(1, 300, 2, 0.6);
    const methods = ['plugin', 'ksg2', 'miller_madow', 'ksg1', 'gaussian_copula', 'cca'] as const;
    const { status, body } = await ask({ x, y, methods, unit: 'bits', k: 4, id: 'c' });
    expect(status, JSON.stringify(body)).toBe(200);
    const here = classicalEstimates(samplesOf(x, y), { methods: [...methods], k: 4, seed: 0 });
    expect(body).toMatchObject({
      unit: 'bits',
      samples: { rows: 300, dim_x: 2, dim_y: 2, dropped: 0 },
      warnings: [],
      id: 'c',
    });
    expect(body.estimates.map(({ method }) => method)).toEqual(methods);
    here.forEach(({ nats = NaN }, m) => {
      expect((body.estimates[m]?.estimate ?? NaN) * Math.LN2).toBeCloseTo(nats, 12);
    });
  });

  it('counts the neighbors of many rows in all threads, with the answer of one', async () => {
    const { x, y } = gaussian(3, 6000, 3, 0.6);
    const methods = ['ksg1', 'ksg2', 'cca'] as const;
    const { status, body } = await ask({ x, y, methods, k: 3 });
    expect(status, JSON.stringify(body)).toBe(200);
    const here = classicalEstimates(samplesOf(x, y), { methods, k: 3, seed: 0 });
    expect(body.estimates.map(({ estimate }) => estimate)).toEqual(here.map(({ nats }) => nats));
  });

  it('gives intervals that depend on the seed', async () => {
    const asked = {
      ...gaussian(2, 200, 1, 0.6),
      methods: ['ksg1', 'cca'],
      bootstrap: { resamples: 40, level: 0.8 },
    };
    const [first, again, other] = await Promise.all([
      ask({ ...asked, seed: 5 }),
      ask({ ...asked, seed: 5 }),
      ask({ ...asked, seed: 6 }),
    ]);
    expect(again?.body.estimates).toEqual(first?.body.estimates);
    expect(other?.body.estimates).not.toEqual(first?.body.estimates);
    const resamplings = first?.body.estimates.map(({ estimate, interval }) => {
      expect(interval?.level).toBe(0.8);
      expect(interval?.lower).toBeLessThan(estimate as number);
      expect(interval?.upper).toBeGreaterThan(estimate as number);
      return interval?.resampling;
    });
    expect(resamplings).toEqual(['half_samples', 'bootstrap']);
  });

  it('reports null for a method without an answer, and answers by the others', async () => {
    const { x } = gaussian(3, 50, 2, 0);
    const { body } = await ask({
      x,
      y: x.map(([a = 0, b = 0]) => a - b),
      bootstrap: { resamples: 20 },
    });
    const byMethod = Object.fromEntries(body.estimates.map((e) => [e.method, e]));
    expect(byMethod.cca).toEqual({ method: 'cca', estimate: null });
    expect(byMethod.ksg1?.estimate).toBeGreaterThan(0.5);
  });

  it('warns near_deterministic for a column and a copy of it', async () => {
    const x = Array.from({ length: 60 }, normals(8));
    const warningsOf = async (y: number[]) => {
      const { body } = await ask({ x, y, methods: ['ksg1'] });
      return body.warnings.map(({ code }) => code);
    };
    expect(await warningsOf(x.map((v) => Math.exp(v)))).toEqual(['near_deterministic']);
    expect(await warningsOf(Array.from({ length: 60 }, normals(9)))).toEqual([]);
  });

  it('drops missing values and codes categories as /estimate does', async () => {
    const { body } = await ask({
      x: ['a', 'b', 'c', null, 'a', 'b', 'c', 'a', 'b', 'c'],
      y: [1, 2, 3, 1, 1, 2, 3, 1, 2, 3],
      missing: 'drop_rows',
      methods: ['plugin'],
    });
    expect(body.samples).toMatchObject({ rows: 9, dropped: 1 });
    expect(body.estimates[0]?.estimate).toBeCloseTo(Math.log(3), 12);
    expect(body.warnings.map(({ code }) => code)).toEqual(['rows_dropped']);
  });

  it('spreads categories over columns, up to the limit of a side', async () => {
    const labels = Array.from({ length: 70 }, (_, r) => `label ${r % 60}`);
    const y = labels.map((_, r) => r % 7);
    expect((await ask({ x: labels, y, methods: ['cca'] })).body.samples.dim_x).toBe(1);
    const twice = labels.map((label, r) => [label, labels[(r * 3) % 70]]);
    const { body } = await ask<Problem>({ x: twice, y });
    expect(body).toMatchObject({ code: 'too_many_columns', pointer: '/x' });
    const ids = Array.from({ length: 20_000 }, (_, r) => `id ${r}`);
    const refused = await ask<Problem>({ x: ids, y: ids.map((_, r) => r) });
    expect(refused.body).toMatchObject({ code: 'too_many_categories', pointer: '/x' });
  });

  it.each([
    [{ k: 4 }, 'out_of_range', '/k'],
    [{ k: 0 }, 'out_of_range', '/k'],
    [{ methods: [] }, 'out_of_range', '/methods'],
    [{ methods: ['mine'] }, 'invalid_value', '/methods/0'],
    [{ bootstrap: { resamples: 1e9 } }, 'out_of_range', '/bootstrap/resamples'],
    [{ bootstrap: { draws: 7 } }, 'unknown_field', '/bootstrap/draws'],
    [{ quantiles: [0.5] }, 'unknown_field', '/quantiles'],
  ])('refuses %j', async (options, code, pointer) => {
    const { status, body } = await ask<Problem>({ x: [1, 2, 3, 4], y: [1, 2, 3, 5], ...options });
    expect(body).toMatchObject({ code, pointer });
    expect(status).toBe(400);
  });

  it('accepts CSV', async () => {
    const answer = await service.post<ClassicalReply>(
      'a,b\n1,2\n2,3\n3,1\n4,6\n',
      { 'content-type': 'text/csv' },
      '/estimate/classical?x=a&y=b&methods=ksg1,cca&k=2',
    );
    expect(answer.body.estimates.map(({ method }) => method)).toEqual(['ksg1', 'cca']);
  });

  it('does not block the event loop, and ends at the deadline', async () => {
    const hasty = await startService({ WORKERS: 1, REQUEST_TIMEOUT_MS: 2000 });
    try {
      const { x, y } = gaussian(4, 3000, 1, 0.5);
      const long = { x, y, methods: ['ksg1'], bootstrap: { resamples: 2000 } };
      let slowest = 0;
      let done = false;
      const running = hasty.post<Problem>(long, JSON_TYPE, '/estimate/classical').finally(() => {
        done = true;
      });
      while (!done) {
        const start = performance.now();
        await hasty.get('/health/live');
        slowest = Math.max(slowest, performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect((await running).body.code).toBe('deadline_exceeded');
      expect(slowest).toBeLessThan(2000);
      const next = await hasty.post<ClassicalReply>(
        { x: [1, 2, 3], y: [1, 2, 4], methods: ['cca'] },
        JSON_TYPE,
        '/estimate/classical',
      );
      expect([200, 504]).toContain(next.status);
    } finally {
      await hasty.close();
    }
  });
});

describe('"checks": true on /estimate', () => {
  it('agrees with the model on normal data', async () => {
    const { body } = await service.post({ ...gaussian(5, 400, 1, 0.7), checks: true });
    expect(body.check).toMatchObject({ method: 'ksg1', rows: 400, agrees: true });
    expect(body.warnings).toEqual([]);
    const plain = (await service.post(gaussian(5, 400, 1, 0.7))).body;
    expect(plain.check).toBeUndefined();
    expect(body.estimate).toBe(plain.estimate);
  });

  it('warns classical_disagrees if the model misses dependence that neighbors show', async () => {
    // A fine checkerboard: the dependence is invisible in ranks and their moments.
    const uniform = uniforms(6);
    const points = Array.from({ length: 500 }, () => {
      const [a, b, place] = [uniform(), uniform(), Math.floor(18 * uniform())];
      const row = Math.floor(place / 3);
      return [row + a, 2 * (place % 3) + (row % 2) + b];
    });
    const { body } = await service.post({
      x: points.map(([a]) => a),
      y: points.map(([, b]) => b),
      checks: true,
    });
    const disagreement = body.warnings.find(({ code }) => code === 'classical_disagrees');
    // A retrained model may recognize the board; then no warning is due.
    if (body.interval.upper < 0.4) {
      expect(body.check?.agrees).toBe(false);
      expect(disagreement?.message).toContain('ksg1 on 500 rows');
    }
    expect(disagreement !== undefined).toBe(body.check?.agrees === false);
    expect(body.check?.estimate).toBeGreaterThan(0.4);
  });

  it('answers many requests at once, each from its own rows', async () => {
    const bodies = [1, 2, 3, 4, 5, 6].map((seed) => ({
      ...gaussian(seed, 200, 1, 0.7),
      checks: true,
    }));
    const alone = [];
    for (const body of bodies) alone.push((await service.post(body)).body.check);
    const together = await Promise.all(bodies.map((body) => service.post(body)));
    expect(together.map(({ body }) => body.check)).toEqual(alone);
  });

  it('uses the plug-in for discrete columns, and a subset of many rows', async () => {
    const normal = normals(7);
    const x = Array.from({ length: 3000 }, () => Math.round(normal()));
    const y = x.map((v) => v + Math.round(normal()));
    const { body } = await service.post({ x, y, checks: true, seed: 3 });
    expect(body.check).toMatchObject({ method: 'miller_madow', rows: 2000 });
  });
});

describe('a discrete y', () => {
  it('has an entropy, and a share of it that x explains', async () => {
    const x = Array.from({ length: 120 }, (_, r) => r % 3);
    const body = (await service.post({ x, y: x.map((v) => ['a', 'b', 'c'][v]) })).body;
    expect(body.entropy_y).toBeCloseTo(Math.log(3), 12);
    expect(body.uncertainty_coefficient).toBeGreaterThan(0.5);
    expect(body.uncertainty_coefficient).toBeLessThanOrEqual(1);
    const { x: a, y: b } = gaussian(8, 120, 1, 0.5);
    expect((await service.post({ x: a, y: b })).body.entropy_y).toBeUndefined();
    const declared = {
      x: a,
      y: b.map(([v = 0]) => Math.sign(v) / 2),
      discrete: ['y0'],
      unit: 'bits',
    };
    const bits = (await service.post(declared)).body;
    expect(bits.entropy_y).toBeGreaterThan(0.95);
    expect(bits.entropy_y).toBeLessThanOrEqual(1);
  });

  it('does not depend on the names of categories that differ in frequency', async () => {
    const uniform = uniforms(9);
    const codes = Array.from(
      { length: 200 },
      (_, r) => [3, 2, 0, 2, 0, 1, 2, 2, 1, 1][r % 10] ?? 0,
    );
    const y = codes.map((v) => (v % 2) + uniform());
    const named = (names: string[]) => ({ x: codes.map((v) => names[v]), y });
    const first = await service.post(named(['a', 'b', 'c', 'd']));
    const second = await service.post(named(['z', 'y', 'x', 'w']));
    expect(second.body.estimate).toBeCloseTo(first.body.estimate, 5);
    const declared = await service.post({ x: codes, y, categorical: ['x0'] });
    expect(declared.body.estimate).toBeCloseTo(first.body.estimate, 5);
  });
});

describe('labels on both sides', () => {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const entropy = (p: readonly number[]) => -sum(p.map((v) => v * Math.log(v)));

  /** A random table of probabilities, and the mutual information of its rows and columns. */
  function table(uniform: () => number, levels: number) {
    const cells = Array.from({ length: levels ** 2 }, () => uniform() ** 4);
    const p = cells.map((cell) => cell / sum(cells));
    const rows = Array.from({ length: levels }, (_, i) =>
      sum(p.slice(i * levels, (i + 1) * levels)),
    );
    const columns = rows.map((_, j) => sum(p.filter((_, cell) => cell % levels === j)));
    const below = p.map((_, cell) => sum(p.slice(0, cell + 1)));
    const draw = () => {
      const u = uniform();
      const cell = below.findIndex((most) => u < most);
      return [`row ${Math.floor(cell / levels)}`, `column ${cell % levels}`];
    };
    return { mi: entropy(rows) + entropy(columns) - entropy(p), draw };
  }

  it('have the mutual information of their joint tables', async () => {
    const uniform = uniforms(23);
    const errors: number[] = [];
    for (let i = 0; i < 12; i++) {
      const tables = [table(uniform, 4), table(uniform, 5)];
      const drawn = Array.from({ length: 500 }, () => tables.map(({ draw }) => draw()));
      const [x, y] = [0, 1].map((side) => drawn.map((pairs) => pairs.map((pair) => pair[side])));
      const { body } = await service.post({ x, y });
      errors.push(Math.abs(body.estimate - sum(tables.map(({ mi }) => mi))));
    }
    expect(sum(errors) / errors.length, `${errors}`).toBeLessThan(0.1);
  });

  it('are read alike as strings and as dummies, for all labels or for all but one', async () => {
    const uniform = uniforms(24);
    const tables = [table(uniform, 4), table(uniform, 5)];
    const drawn = Array.from({ length: 400 }, () => tables.map(({ draw }) => draw()));
    const side = (place: number) => drawn.map((pairs) => pairs.map((pair) => pair[place] ?? ''));
    const spread = (rows: string[][], dropped: number) => {
      const names = [0, 1].map((c) => [...new Set(rows.map((row) => row[c]))].sort());
      return rows.map((row) =>
        names.flatMap((known, c) => known.slice(dropped).map((name) => Number(name === row[c]))),
      );
    };
    const texts = (await service.post({ x: side(0), y: side(1) })).body;
    for (const dropped of [0, 1]) {
      const [x, y] = [spread(side(0), dropped), spread(side(1), dropped)];
      const { body } = await service.post({ x, y });
      expect(body.quantiles).toEqual(texts.quantiles);
      expect(body.samples).toMatchObject({ dim_x: 9 - 2 * dropped, dim_y: 9 - 2 * dropped });
      const codes = body.warnings.map(({ code }) => code);
      expect(codes).toContain('dummy_columns');
      expect(codes).not.toContain('redundant_column');
      const { warnings } = (await service.post({ x, y, model: 'mist-paper' })).body;
      expect(warnings.map(({ code }) => code)).toContain('dummy_columns');
    }
  });
});
