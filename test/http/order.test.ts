import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem-schema.js';
import type { ScreenReply } from '../../src/routes/estimate/screen/schema.js';
import { WARNING_CODES, type Warning } from '../../src/warnings.js';
import { normals } from '../data.js';
import { pair } from '../routes/did/pair.js';
import { sharedService } from '../service.js';

const service = sharedService();

const codesOf = ({ warnings }: { warnings: readonly Warning[] }) =>
  warnings.map(({ code }) => code);

describe('options are checked before the samples', () => {
  const bad = { x: 'none', y: [1, null], z: [], features: 3, target: {}, columns: [] };
  it.each([
    ['/estimate', ['x', 'y']],
    ['/estimate/pairwise', ['columns']],
    ['/estimate/screen', ['features', 'target']],
    ['/estimate/conditional', ['x', 'y', 'z']],
    ['/estimate/lagged', ['x', 'y']],
    ['/estimate/independence', ['x', 'y']],
  ] as const)('of JSON by %s', async (path, fields) => {
    const samples = Object.fromEntries(fields.map((name) => [name, bad[name]]));
    const more = path.endsWith('lagged') ? { lags: [0] } : {};
    const answer = await service.post<Problem>({ ...samples, ...more, level: 2 }, undefined, path);
    expect(answer.body).toMatchObject({ code: 'out_of_range', pointer: '/level' });
    // Without the wrong option, the samples are at fault.
    const other = await service.post<Problem>({ ...samples, ...more }, undefined, path);
    expect(other.status).toBe(400);
    expect(other.body.pointer).not.toBe('/level');
  });

  it.each(['/estimate', '/estimate/pairwise', '/estimate/independence'])(
    'of a file by %s',
    async (path) => {
      const type = { 'content-type': 'text/csv' };
      const answer = await service.post<Problem>('x,y\n1', type, `${path}?level=2`);
      expect(answer.body).toMatchObject({ code: 'out_of_range', pointer: '/level' });
      expect((await service.post<Problem>('x,y\n1', type, path)).body.code).toBe('invalid_csv');
    },
  );

  it.each(['/did/pairs', '/did/power-law', '/did/sufficiency'])(
    'of preference pairs by %s',
    async (path) => {
      const wrong = { pairs: [pair({ chosen_logps: 1 })], level: 2 };
      const json = await service.post<Problem>(wrong, undefined, path);
      expect(json.body).toMatchObject({ code: 'out_of_range', pointer: '/level' });
      const type = { 'content-type': 'application/x-ndjson' };
      const rows = await service.post<Problem>('{"x":', type, `${path}?level=2`);
      expect(rows.body).toMatchObject({ code: 'out_of_range', pointer: '/level' });
    },
  );

  it('of preference pairs, for options that depend on each other', async () => {
    const smoothing = { code: 'invalid_value', pointer: '/label_smoothing' };
    const wrong = { pairs: [pair({ chosen_logps: 'a' as never })], label_smoothing: 0.1 };
    const json = await service.post<Problem>(wrong, undefined, '/did/pairs');
    expect(json.body).toMatchObject(smoothing);
    const type = { 'content-type': 'application/x-ndjson' };
    const path = '/did/pairs?label_smoothing=0.1';
    expect((await service.post<Problem>('{"x":', type, path)).body).toMatchObject(smoothing);
  });
});

describe('warnings come in the order of their table', () => {
  const expectOrder = (codes: readonly string[], expected: string[]) => {
    expect(codes).toEqual(expected);
    const places = expected.map((code) => (WARNING_CODES as string[]).indexOf(code));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  };

  it('by /estimate, whatever they are found by', async () => {
    const normal = normals(2);
    const x = Array.from({ length: 25 }, (_, r) => [normal(), 1, r % 3, r === 0 ? null : normal()]);
    const y = x.map(normal);
    const { body } = await service.post({ x, y, missing: 'drop_rows' });
    expectOrder(codesOf(body), ['few_rows', 'constant_column', 'ties', 'rows_dropped']);
  });

  it('by /did/pairs', async () => {
    const list = Array.from({ length: 3 }, (_, prompt_id) =>
      pair({ prompt_id, note: 'x', chosen_logps: prompt_id === 0 ? -9999 : -10 }),
    );
    const { body } = await service.post<{ warnings: Warning[] }>(
      { pairs: list },
      undefined,
      '/did/pairs',
    );
    const codes = codesOf(body);
    expect(codes).toEqual(expect.arrayContaining(['floored_log_probs', 'ignored_columns']));
    expectOrder(
      codes,
      [...codes].sort((a, b) => WARNING_CODES.indexOf(a) - WARNING_CODES.indexOf(b)),
    );
  });
});

describe('a discrete y of one value', () => {
  const normal = normals(3);
  const x = Array.from({ length: 40 }, normal);
  const y = x.map(() => 1);

  it('has entropy 0, of which x shares 0, by /estimate', async () => {
    const { body } = await service.post({ x, y });
    expect(body).toMatchObject({ estimate: 0, entropy_y: 0, uncertainty_coefficient: 0 });
  });

  it('and by /estimate/screen alike', async () => {
    const asked = { features: { x }, target: y, permutations: 0 };
    const { body } = await service.post<ScreenReply>(asked, undefined, '/estimate/screen');
    expect(body).toMatchObject({ target_type: 'classes', target_entropy: 0 });
    expect(body.ranking[0]).toMatchObject({ estimate: 0, uncertainty_coefficient: 0 });
  });
});
