import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import type { ConditionalReply } from '../../../src/routes/estimate/conditional/schema.js';
import type { IndependenceReply } from '../../../src/routes/estimate/independence/schema.js';
import type { LaggedReply } from '../../../src/routes/estimate/lagged/schema.js';
import type { PairwiseReply } from '../../../src/routes/estimate/pairwise/schema.js';
import type { ScreenReply } from '../../../src/routes/estimate/screen/schema.js';
import { normals, uniforms } from '../../data.js';
import { readExample } from '../../examples.js';
import { sharedService } from '../../service.js';

const service = sharedService();

/** Posts a body to a route of /estimate: JSON, unless a type is given. */
async function post<T>(path: string, body: unknown, type?: string): Promise<T> {
  const headers = type === undefined ? undefined : { 'content-type': type };
  const answer = await service.post<T>(body, headers, `/estimate/${path}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

async function refused(path: string, body: unknown, type?: string): Promise<Problem> {
  const headers = type === undefined ? undefined : { 'content-type': type };
  const answer = await service.post<Problem>(body, headers, `/estimate/${path}`);
  expect(answer.status).toBe(answer.body.status);
  return answer.body;
}

const fixture = (name: string) => readFile(`test/fixtures/${name}`);
const PARQUET = 'application/vnd.apache.parquet';
const NDJSON = 'application/x-ndjson';

/** The first 40 patients, as in the binary fixtures. */
const patients = Object.fromEntries(
  Object.entries(readExample('diabetes')).map(([name, values]) => [name, values.slice(0, 40)]),
);
const { bmi = [], bp = [], target = [], s5 = [] } = patients;

const csvOf = (columns: Record<string, readonly unknown[]>) => {
  const rows = Object.values(columns)[0] ?? [];
  const lines = rows.map((_, r) => Object.values(columns).map((values) => values[r] ?? 'NA'));
  return [Object.keys(columns), ...lines].map((cells) => cells.join(',')).join('\n');
};

const ndjsonOf = (columns: Record<string, readonly unknown[]>) =>
  (Object.values(columns)[0] ?? [])
    .map((_, r) => Object.entries(columns).map(([name, values]) => [name, values[r]]))
    .map((row) => JSON.stringify(Object.fromEntries(row)))
    .join('\n');

describe('a file and JSON of the same samples get the same answer', () => {
  const columns = { bmi, bp, target };

  it.each<[string, () => Promise<string | Uint8Array>, string, string, string[]]>([
    ['CSV', async () => csvOf(columns), 'text/csv', '', ['bmi', 'bp', 'target']],
    ['NDJSON', async () => ndjsonOf(columns), NDJSON, '', ['bmi', 'bp', 'target']],
    [
      'Parquet',
      () => fixture('gzip.parquet'),
      PARQUET,
      'columns=bmi,bp,target',
      ['bmi', 'bp', 'target'],
    ],
    ['npy', () => fixture('table.npy'), 'application/x-npy', '', ['0', '1', '2']],
  ])('pairwise from %s', async (_name, body, type, choice, names) => {
    const file = await post<PairwiseReply>(
      `pairwise?${choice}&permutations=60&seed=3&unit=bits&level=0.8`,
      await body(),
      type,
    );
    const json = await post<PairwiseReply>('pairwise', {
      columns: Object.fromEntries([bmi, bp, target].map((values, i) => [names[i], values])),
      permutations: 60,
      seed: 3,
      unit: 'bits',
      level: 0.8,
    });
    expect(file.names).toEqual(names);
    for (const field of ['estimate', 'lower', 'upper', 'p_value', 'q_value'] as const) {
      file[field]?.flat().forEach((value, i) => {
        const expected = json[field]?.flat()[i];
        if (value === null) expect(expected).toBeNull();
        else expect(value).toBeCloseTo(expected as number, 3);
      });
    }
    expect(file.samples).toEqual({ rows: 40, dropped: 0 });
  });

  it('pairwise from the arrays of npz, one of them with two columns', async () => {
    const body = await fixture('plain.npz');
    const file = await post<PairwiseReply>('pairwise?permutations=0', body, 'application/x-npz');
    const x = bmi.map((value, r) => [value, bp[r]]);
    const json = await post<PairwiseReply>('pairwise', {
      columns: { x, y: target },
      permutations: 0,
    });
    expect(file.names).toEqual(['x', 'y']);
    expect(file.estimate[0]?.[1]).toBeCloseTo(json.estimate[0]?.[1] as number, 5);
  });

  it('screen from CSV, with all features or a choice of them', async () => {
    const features = { bmi, bp, s5 };
    const query = 'screen?select.method=mrmr&select.k=2&permutations=100';
    const csv = await post<ScreenReply>(query, csvOf({ ...features, target }), 'text/csv');
    const body = { features, target, select: { method: 'mrmr', k: 2 }, permutations: 100 };
    const json = await post<ScreenReply>('screen', body);
    expect(csv.ranking).toEqual(json.ranking);
    expect(csv.selected).toEqual(json.selected);
    const renamed = csvOf({ ...features, progression: target });
    const some = 'screen?target=progression&features=bmi,s5&permutations=0';
    const { ranking } = await post<ScreenReply>(some, renamed, 'text/csv');
    expect(ranking.map(({ name }) => name).sort()).toEqual(['bmi', 's5']);
  });

  it('screen from rows of all features, as in scikit-learn', async () => {
    const data = bmi.map((value, r) => [value, bp[r], s5[r]]);
    const body = { names: ['bmi', 'bp', 's5'], target, permutations: 0 };
    const rows = await post<ScreenReply>('screen', { data, ...body });
    const { names: _, ...rest } = body;
    const named = await post<ScreenReply>('screen', { features: { bmi, bp, s5 }, ...rest });
    expect(rows.ranking).toEqual(named.ranking);
  });

  it('conditional from CSV and raw numbers', async () => {
    const json = await post<ConditionalReply>('conditional', {
      x: bmi,
      y: target,
      z: bmi.map((_, r) => [bp[r], s5[r]]),
      permutations: 0,
    });
    const csv = csvOf({ bmi, bp, s5, target });
    const query = 'conditional?x=bmi&y=target&z=bp,s5&permutations=0';
    const fromCsv = await post<ConditionalReply>(query, csv, 'text/csv');
    const raw = Float64Array.from([
      ...bmi,
      ...target,
      ...bmi.flatMap((_, r) => [bp[r] ?? 0, s5[r] ?? 0]),
    ]);
    const shape = 'conditional?rows=40&dim_z=2&permutations=0';
    const fromRaw = await post<ConditionalReply>(
      shape,
      new Uint8Array(raw.buffer),
      'application/octet-stream',
    );
    for (const reply of [fromCsv, fromRaw]) {
      expect(reply.estimate).toBe(json.estimate);
      expect(reply.samples).toEqual({ rows: 40, dim_x: 1, dim_y: 1, dim_z: 2, dropped: 0 });
    }
  });

  it('lagged and independence from CSV, with lists and objects as parameters', async () => {
    const csv = csvOf({ a: bmi, b: target });
    const options = { permutations: 39, early_stop: false, seed: 7 };
    const query = 'x=a&y=b&permutations=39&early_stop=false&seed=7';
    const history = { source: 2, target: 1 };
    const lags = [-1, 0, 2];
    const fromCsv = await post<LaggedReply>(
      `lagged?${query}&lags=-1,0,2&history.source=2&history.target=1&block_length=4`,
      csv,
      'text/csv',
    );
    const fromJson = await post<LaggedReply>('lagged', {
      x: bmi,
      y: target,
      lags,
      history,
      block_length: 4,
      ...options,
    });
    expect(fromCsv.lags).toEqual(fromJson.lags);
    expect(fromCsv.transfer_entropy).toEqual(fromJson.transfer_entropy);
    const test = await post<IndependenceReply>(`independence?${query}`, csv, 'text/csv');
    const plain = await post<IndependenceReply>('independence', { x: bmi, y: target, ...options });
    expect([test.estimate, test.p_value]).toEqual([plain.estimate, plain.p_value]);
  });
});

describe('categories', () => {
  const normal = normals(11);
  const uniform = uniforms(12);
  const color = Array.from(
    { length: 240 },
    () => ['red', 'green', 'blue'][Math.floor(3 * uniform())],
  );
  const shade = color.map((c) => ({ red: 0, green: 1.5, blue: 3 })[c as 'red'] + normal());
  const noise = color.map(normal);
  const kind = color.map((c) => (uniform() < 0.8 ? c : 'red'));

  it('may be features and targets of a screen', async () => {
    const csv = csvOf({ color, noise, shade, kind });
    const reply = await post<ScreenReply>('screen?target=kind&permutations=20', csv, 'text/csv');
    expect(reply.ranking[0]?.name).toBe('color');
    expect(reply.ranking.at(-1)?.name).toBe('noise');
    expect(reply.target_type).toBe('classes');
    expect(reply.samples.discrete).toEqual([
      { name: 'kind', type: 'categorical', levels: 3 },
      { name: 'color', type: 'categorical', levels: 3 },
    ]);
    const numbers = kind.map((c) => ['red', 'green', 'blue'].indexOf(c as string));
    const numbered = await post<ScreenReply>('screen', {
      features: { color, noise, shade },
      target: numbers,
      target_type: 'classes',
      permutations: 0,
    });
    expect(numbered.target_entropy).toBeCloseTo(reply.target_entropy as number, 9);
    for (const { name, estimate } of numbered.ranking) {
      const other = reply.ranking.find((feature) => feature.name === name)?.estimate;
      expect(estimate).toBeCloseTo(other as number, 4);
    }
  });

  it('get the same estimate in a pairwise table as from /estimate', async () => {
    const reply = await post<PairwiseReply>('pairwise', {
      columns: { color, shade },
      permutations: 0,
    });
    const { body } = await service.post({ x: color, y: shade });
    expect(reply.estimate[0]?.[1]).toBeCloseTo(body.estimate, 4);
  });

  it('may be conditioned on', async () => {
    const body = { x: shade, y: kind, z: color, permutations: 99 };
    const { estimate, p_value, unconditional } = await post<ConditionalReply>('conditional', body);
    expect(unconditional.estimate).toBeGreaterThan(0.15);
    expect(estimate).toBeLessThan(0.1);
    expect(p_value).toBeGreaterThan(0.01);
  });

  it('are refused as a numeric target', async () => {
    const body = { features: { shade }, target: kind, target_type: 'numeric' };
    expect(await refused('screen', body)).toMatchObject({
      code: 'invalid_value',
      pointer: '/target_type',
    });
  });
});

describe('missing values', () => {
  const uniform = uniforms(31);
  const normal = normals(32);
  const a = Array.from({ length: 200 }, normal);
  const holes = <T>(values: readonly T[], share: number) =>
    values.map((value) => (uniform() < share ? null : value));
  const table = {
    a: holes(a, 0.2),
    b: holes(
      a.map((value) => value + normal()),
      0.3,
    ),
    c: a.map((value) => value ** 2 + 0.3 * normal()),
    kind: holes(
      a.map((value) => (value > 1 ? 'high' : value < -0.5 ? 'low' : 'middle')),
      0.1,
    ),
  };
  const complete = (names: (keyof typeof table)[]) =>
    a.flatMap((_, r) => (names.every((name) => table[name][r] !== null) ? [r] : []));
  const rowsOf = (name: keyof typeof table, rows: number[]) => rows.map((r) => table[name][r]);

  it('drop_rows leaves out every row with a missing value', async () => {
    const rows = complete(['a', 'b', 'c', 'kind']);
    const reply = await post<PairwiseReply>('pairwise', {
      columns: table,
      missing: 'drop_rows',
      permutations: 0,
    });
    expect(reply.samples).toMatchObject({ rows: rows.length, dropped: 200 - rows.length });
    expect(reply.warnings.map(({ code }) => code)).toContain('rows_dropped');
    const { body } = await service.post({ x: rowsOf('a', rows), y: rowsOf('b', rows) });
    expect(reply.estimate[0]?.[1]).toBeCloseTo(body.estimate, 4);
  });

  it('drop_pairwise gives each pair the rows that are complete in both columns', async () => {
    const csv = csvOf(table);
    const query = 'pairwise?missing=drop_pairwise&permutations=100';
    const reply = await post<PairwiseReply>(query, csv, 'text/csv');
    const names = ['a', 'b', 'c', 'kind'] as const;
    expect(reply.samples).toMatchObject({ rows: 200, dropped: 0 });
    for (const [i, x] of names.entries()) {
      for (const [j, y] of names.entries()) {
        if (i === j) continue;
        const rows = complete([x, y]);
        expect(reply.rows?.[i]?.[j]).toBe(rows.length);
        const { body } = await service.post({ x: rowsOf(x, rows), y: rowsOf(y, rows) });
        expect(reply.estimate[i]?.[j]).toBeCloseTo(body.estimate, 4);
        if (x === 'a') expect(reply.p_value?.[i]?.[j], y).toBeLessThan(0.05);
      }
    }
    const least = Math.min(...(reply.rows?.flat().filter((n) => n !== null) ?? []));
    const warning = reply.warnings.find(({ code }) => code === 'rows_dropped');
    expect(warning?.message).toContain(`up to ${200 - least} of 200 per estimate`);
  });

  it('drop_pairwise applies to a screen and to the features that it chooses', async () => {
    const { c, ...features } = table;
    const reply = await post<ScreenReply>('screen', {
      features,
      target: c,
      missing: 'drop_pairwise',
      select: { method: 'conditional', k: 2 },
      permutations: 0,
    });
    for (const { name, rows, estimate } of reply.ranking) {
      const kept = complete([name as 'a', 'c']);
      expect(rows).toBe(kept.length);
      const { body } = await service.post({ x: rowsOf(name as 'a', kept), y: rowsOf('c', kept) });
      expect(estimate).toBeCloseTo(body.estimate, 4);
    }
    const [first, second] = (reply.selected ?? []).map(({ name }) => name as 'a');
    const kept = complete([first as 'a', second as 'a', 'c']);
    const blocks = (name: 'a' | 'b' | 'kind') => rowsOf(name, kept);
    const byCount = ['middle', 'low', 'high'];
    const columns = [first as 'a', second as 'a'].map((name) =>
      blocks(name).map((value) =>
        typeof value === 'string' ? byCount.indexOf(value) : (value as number),
      ),
    );
    const x = kept.map((_, r) => columns.map((column) => column[r]));
    const { body } = await service.post({ x, y: rowsOf('c', kept) });
    expect(reply.selected?.[1]?.joint.estimate).toBeCloseTo(body.estimate, 3);
  });

  it('5 % of independent columns with missing values get a p-value below 0.05', async () => {
    const columns = Object.fromEntries(
      Array.from({ length: 24 }, (_, c) => [
        `c${c}`,
        holes(Array.from({ length: 60 }, normal), 0.3),
      ]),
    );
    const { p_value = [] } = await post<PairwiseReply>('pairwise', {
      columns,
      missing: 'drop_pairwise',
      permutations: 100,
    });
    const p = p_value.flatMap((row, i) => row.slice(i + 1)) as number[];
    expect(p).toHaveLength(276);
    // 5 % of 276, plus or minus four standard errors; null draws of fewer rows lower it slightly.
    const rejected = p.filter((value) => value < 0.05).length;
    expect(rejected).toBeGreaterThanOrEqual(2);
    expect(rejected).toBeLessThanOrEqual(28);
  });

  it.each<[string, string, unknown, string | undefined, string, string]>([
    ['a missing value in CSV', 'pairwise', csvOf(table), 'text/csv', 'missing_value', '/a/'],
    [
      'a missing value in JSON',
      'screen',
      { features: { a: [1, null] }, target: [1, 2] },
      undefined,
      'missing_value',
      '/features/a/1',
    ],
    [
      'a missing value in z',
      'conditional',
      {
        x: [1, 2],
        y: [1, 2],
        z: [
          [1, 2],
          [null, 1],
        ],
      },
      undefined,
      'missing_value',
      '/z/1/0',
    ],
    [
      'a series with a gap',
      'lagged',
      { x: [1, 2, 3], y: [1, 2, 3], missing: 'drop_rows' },
      undefined,
      'invalid_value',
      '/missing',
    ],
    [
      'a pair without complete rows',
      'pairwise',
      { columns: { a: [1, null, 2], b: [null, 1, 2] }, missing: 'drop_pairwise' },
      undefined,
      'too_few_rows',
      '',
    ],
    [
      'a column of only missing values',
      'pairwise',
      { columns: { a: [null, null, null], b: [3, 1, 2] }, missing: 'drop_rows' },
      undefined,
      'too_few_rows',
      '',
    ],
    [
      'a table as raw numbers',
      'pairwise?rows=2',
      new Uint8Array(32),
      'application/octet-stream',
      'unsupported_media_type',
      '',
    ],
    [
      'a column named twice',
      'pairwise?columns=a,a',
      'a,b\n1,2\n2,1',
      'text/csv',
      'invalid_value',
      '/columns',
    ],
    [
      'the target among its features',
      'screen?target=a&features=a,b',
      'a,b\n1,2\n2,1',
      'text/csv',
      'invalid_value',
      '/features',
    ],
    ['an unknown target', 'screen', 'a,b\n1,2\n2,1', 'text/csv', 'unknown_column', '/target'],
    [
      'a string instead of an object',
      'screen?target=a&select=mrmr',
      'a,b\n1,2\n2,1',
      'text/csv',
      'unknown_field',
      '/select',
    ],
    [
      'an unknown field of an object',
      'screen?target=a&select.method=mrmr&select.k=1&select.size=1',
      'a,b\n1,2\n2,1',
      'text/csv',
      'unknown_field',
      '/select/size',
    ],
    [
      'features and data in one request',
      'screen',
      { features: { a: [1, 2] }, data: [[1], [2]], target: [1, 2] },
      undefined,
      'unknown_field',
      '/data',
    ],
    [
      'a column of ids',
      'pairwise',
      csvOf({ id: a.map((_, r) => `p${r}`), a }),
      'text/csv',
      'too_many_categories',
      '/id',
    ],
  ])('%s is refused', async (_name, path, body, type, code, pointer) => {
    const problem = await refused(path, body, type);
    expect(problem.code, problem.detail).toBe(code);
    expect(problem.pointer ?? '').toContain(pointer);
  });
});
