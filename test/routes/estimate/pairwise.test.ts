import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PairwiseReply } from '../../../src/routes/estimate/pairwise/schema.js';
import { normals, uniforms } from '../../data.js';
import { type Columns, readExample } from '../../examples.js';
import { sharedService, startService } from '../../service.js';

const service = sharedService();

async function pairwise(body: object): Promise<PairwiseReply> {
  const answer = await service.post<PairwiseReply>(body, undefined, '/estimate/pairwise');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const { bmi = [], bp = [], s6 = [], target = [] } = readExample('diabetes');
const diabetes: Columns = { bmi, bp, s6, target };

const at = (matrix: (number | null)[][] | undefined, i: number, j: number) =>
  matrix?.[i]?.[j] as number;

describe('POST /estimate/pairwise', () => {
  it('gives the estimates of /estimate, symmetric, with null on the diagonal', async () => {
    const reply = await pairwise({ columns: diabetes, permutations: 99, level: 0.8 });
    expect(reply.names).toEqual(['bmi', 'bp', 's6', 'target']);
    expect(reply).toMatchObject({ level: 0.8, unit: 'nats', samples: { rows: 442 } });
    const { estimate, lower, upper, information_correlation, p_value, q_value } = reply;
    for (const matrix of [estimate, lower, upper, information_correlation, p_value, q_value]) {
      expect(matrix?.map((row) => row.length)).toEqual([4, 4, 4, 4]);
      matrix?.forEach((row, i) => {
        row.forEach((value, j) => {
          expect(value).toBe(at(matrix, j, i));
          expect(value === null).toBe(i === j);
        });
      });
    }
    for (const [i, j] of [
      [0, 3],
      [1, 2],
    ] as const) {
      const [x, y] = [diabetes[reply.names[i] as string], diabetes[reply.names[j] as string]];
      const { body: one } = await service.post({ x, y, level: 0.8 });
      expect(at(estimate, i, j)).toBe(one.estimate);
      expect(at(lower, i, j)).toBe(one.interval.lower);
      expect(at(upper, i, j)).toBe(one.interval.upper);
      expect(at(information_correlation, i, j)).toBe(one.information_correlation);
    }
    expect(at(p_value, 0, 3)).toBeLessThan(1e-4);
    expect(at(q_value, 0, 3)).toBeGreaterThanOrEqual(at(p_value, 0, 3));
  });

  it('accepts rows and names instead of columns, and has default names', async () => {
    const data = bmi.map((value, r) => [value, bp[r]]);
    const named = await pairwise({ data, names: ['bmi', 'bp'], permutations: 0 });
    const columns = await pairwise({ columns: { bmi, bp }, permutations: 0 });
    expect(named.names).toEqual(columns.names);
    expect(named.estimate).toEqual(columns.estimate);
    expect((await pairwise({ data, permutations: 0 })).names).toEqual(['column 0', 'column 1']);
    expect(named).not.toHaveProperty('p_value');
  });

  it('accepts several columns under one name', async () => {
    const block = bmi.map((value, r) => [value, bp[r]]);
    const columns = { block, s6, target };
    const reply = await pairwise({ columns, permutations: 40, unit: 'bits' });
    const { body: one } = await service.post({ x: block, y: target, unit: 'bits' });
    expect(at(reply.estimate, 0, 2)).toBe(one.estimate);
    expect(at(reply.p_value, 0, 2)).toBeLessThan(1e-3);
  });

  it('answers the same for the same seed; another seed changes only p-values', async () => {
    const columns = { ...diabetes, coarse: bmi.map((v) => Math.round(v / 5)) };
    const body = { columns, permutations: 20 };
    const [a, b, c] = [
      await pairwise({ ...body, seed: 7 }),
      await pairwise({ ...body, seed: 7 }),
      await pairwise({ ...body, seed: 8 }),
    ];
    const { timing: _1, id: _2, ...first } = a;
    expect(b).toMatchObject(first);
    expect(c.estimate).toEqual(a.estimate);
    expect(c.p_value).not.toEqual(a.p_value);
  });

  it('does not change estimates and p-values under strictly monotone maps', async () => {
    const maps = [
      Math.exp,
      (v: number) => v ** 3,
      (v: number) => -Math.atan(v),
      (v: number) => 9 - v,
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1_000),
        fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }),
        async (seed, picks) => {
          const normal = normals(seed);
          const a = Array.from({ length: 60 }, normal);
          const b = a.map((v) => v ** 2 + normal());
          const c = b.map((v) => v + normal());
          const columns = { a, b: b.map((v) => v / 3), c: c.map((v) => v / 3) };
          const mapped = Object.fromEntries(
            Object.entries(columns).map(([name, values], i) => {
              const map = maps[picks[i] as number] as (v: number) => number;
              return [name, values.map(map)];
            }),
          );
          const [plain, changed] = [
            await pairwise({ columns, permutations: 40 }),
            await pairwise({ columns: mapped, permutations: 40 }),
          ];
          plain.estimate.flat().forEach((value, i) => {
            expect(changed.estimate.flat()[i] ?? 0).toBeCloseTo(value ?? 0, 4);
          });
          plain.p_value?.flat().forEach((value, i) => {
            expect(changed.p_value?.flat()[i] ?? 0).toBeCloseTo(value ?? 0, 3);
          });
        },
      ),
      { numRuns: 4, seed: 3 },
    );
  });

  it('warns of a copy of a column by name', async () => {
    const reply = await pairwise({
      columns: { bmi, log_bmi: bmi.map((v) => -Math.log(v)), target },
      permutations: 0,
    });
    const warning = reply.warnings.find(({ code }) => code === 'near_deterministic');
    expect(warning?.message).toContain('A column of bmi and a column of log_bmi');
    expect(at(reply.information_correlation, 0, 1)).toBeGreaterThan(0.99);
  });

  it('names constant and tied columns, and finds no dependence on a constant', async () => {
    const columns = {
      bmi,
      target,
      same: bmi.map(() => 3),
      coarse: bmi.map((v) => (v > 25 ? 1 : 0)),
    };
    const reply = await pairwise({ columns, permutations: 40 });
    const message = (code: string) => reply.warnings.find((w) => w.code === code)?.message ?? '';
    expect(message('constant_column')).toMatch(/^same is constant/);
    expect(message('ties')).toMatch(/^coarse has few distinct values/);
    expect(at(reply.estimate, 0, 2)).toBe(0);
    expect(at(reply.p_value, 0, 2)).toBe(1);
    // A column and its two-valued version are strongly dependent, in spite of the ties.
    expect(at(reply.p_value, 0, 3)).toBeLessThan(1e-3);
  });

  it('has uniform p-values for independent columns, with and without ties', async () => {
    const [normal, uniform] = [normals(11), uniforms(12)];
    const kinds = [
      normal,
      () => normal() / Math.abs(normal()),
      () => (uniform() < 0.3 ? 1 : 0),
      () => Math.floor(4 * uniform()),
      () => Math.round(2 * normal()),
      () => Math.max(0, normal()),
    ];
    const columns = Object.fromEntries(
      Array.from({ length: 36 }, (_, c) => {
        const draw = kinds[c % kinds.length] as () => number;
        return [`c${c}`, Array.from({ length: 80 }, draw)];
      }),
    );
    const { p_value, q_value } = await pairwise({ columns, permutations: 800 });
    const upper = (p_value ?? []).flatMap((row, i) => row.slice(i + 1) as number[]);
    const p = upper.sort((a, b) => a - b);
    expect(p.length).toBe(630);
    // The Kolmogorov–Smirnov distance of 630 p-values of 800 draws exceeds this once in a thousand.
    const distance = Math.max(...p.map((v, i) => Math.abs(v - (i + 0.5) / p.length)));
    expect(distance).toBeLessThan(1.95 * Math.sqrt(1 / 630 + 1 / 800));
    expect(p[0]).toBeGreaterThan(1e-6);
    expect(
      Math.min(...(q_value ?? []).flatMap((row) => row.filter((q) => q !== null))),
    ).toBeGreaterThan(1e-3);
  });
});

describe('POST /estimate/pairwise refuses', () => {
  const column = [1, 2, 3];
  const columns = { a: column, b: column };
  it.each<[string, object, string, string]>([
    ['a body without columns', {}, 'missing_field', '/columns'],
    ['columns that are rows', { columns: [[1, 2]] }, 'invalid_type', '/columns'],
    ['one column', { columns: { a: column } }, 'too_few_columns', '/columns'],
    ['data of one column', { data: column }, 'too_few_columns', '/data'],
    ['no columns', { columns: {} }, 'too_few_columns', '/columns'],
    ['columns and data', { columns, data: [[1, 2]] }, 'unknown_field', '/data'],
    ['names without data', { columns, names: ['a'] }, 'unknown_field', '/names'],
    [
      'a missing value',
      { columns: { a: column, 'b/c': [1, null, 2] } },
      'missing_value',
      '/columns/b~1c/1',
    ],
    [
      'columns of unequal rows',
      { columns: { a: column, b: [1, 2] } },
      'unequal_rows',
      '/columns/b',
    ],
    ['an empty column', { columns: { a: column, b: [] } }, 'empty_samples', '/columns/b'],
    ['ragged data', { data: [[1, 2], [3]] }, 'ragged_rows', '/data/1'],
    [
      'too few names',
      {
        data: [
          [1, 2],
          [3, 4],
        ],
        names: ['a'],
      },
      'invalid_value',
      '/names',
    ],
    [
      'a repeated name',
      {
        data: [
          [1, 2],
          [3, 4],
        ],
        names: ['a', 'a'],
      },
      'invalid_value',
      '/names/1',
    ],
    [
      'a number as a name',
      {
        data: [
          [1, 2],
          [3, 4],
        ],
        names: ['a', 1],
      },
      'invalid_type',
      '/names/1',
    ],
    [
      'a string as names',
      {
        data: [
          [1, 2],
          [3, 4],
        ],
        names: 'ab',
      },
      'invalid_type',
      '/names',
    ],
    ['permutations below 0', { columns, permutations: -1 }, 'out_of_range', '/permutations'],
    ['half a permutation', { columns, permutations: 0.5 }, 'invalid_type', '/permutations'],
    ['a seed too large', { columns, seed: 2 ** 32 }, 'out_of_range', '/seed'],
    ['an unknown field', { columns, x: column }, 'unknown_field', '/x'],
  ])('%s', async (_name, body, code, pointer) => {
    const answer = await service.post(body, undefined, '/estimate/pairwise');
    expect(answer.body).toMatchObject({ code, pointer });
    expect(answer.status).toBe(400);
  });
});

describe('the limits of a table', () => {
  it('are MAX_COLUMNS and the deadline', async () => {
    const small = await startService({ MAX_COLUMNS: 3, REQUEST_TIMEOUT_MS: 400, WORKERS: 1 });
    const normal = normals(13);
    const column = () => Array.from({ length: 400 }, normal);
    const post = (body: object) => small.post(body, undefined, '/estimate/pairwise');
    const four = { a: [1, 2], b: [1, 2], c: [1, 2], d: [1, 2] };
    expect((await post({ columns: four })).body).toMatchObject({ code: 'too_many_columns' });
    const late = await post({ columns: { a: column(), b: column() }, permutations: 20_000 });
    expect(late.status).toBe(504);
    expect(late.body).toMatchObject({ code: 'deadline_exceeded' });
    await small.close();
  });
});
