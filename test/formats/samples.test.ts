import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { readSamples, type SamplesForm } from '../../src/formats/samples.js';
import { SERIES, TARGET, XY } from '../../src/formats/table/layout.js';

const limits = { maxRows: 100, maxColumns: 4, maxSides: 5, maxBytes: 10_000 };

const options = Type.Object(
  {
    level: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.9 }),
    lags: Type.Array(Type.Integer(), { default: [0] }),
    select: Type.Optional(
      Type.Object({ method: Type.String(), k: Type.Integer() }, { additionalProperties: false }),
    ),
  },
  { $id: 'SamplesTestOptions', additionalProperties: false },
);

const form: SamplesForm<'x' | 'y', typeof options> = { layout: XY, options, coding: 'numbers' };
type Query = Record<string, string | string[]>;

const json = (body: unknown, layout: SamplesForm<'x' | 'y', typeof options> = form) =>
  readSamples(
    { format: 'json', bytes: Buffer.from(JSON.stringify(body)), query: {} },
    layout,
    limits,
  );
const csv = (text: string, query: Query = {}) =>
  readSamples({ format: 'csv', bytes: Buffer.from(text), query }, form, limits);

const refused = (code: string, pointer: string) => ({ code, details: { pointer } });
const TABLE = 'a,b,x,y\n1,u,3,7\n2,v,1,8\n3,u,2,9\n';

describe('the options of a request', () => {
  it('get their defaults in every format', async () => {
    expect((await json({ x: [1, 2], y: [2, 1] })).options).toEqual({ level: 0.9, lags: [0] });
    expect((await csv(TABLE)).options).toEqual({ level: 0.9, lags: [0] });
  });

  it('are parameters beside a file: numbers, lists, and fields of an object', async () => {
    const query = { level: '0.5', lags: '-1,2', 'select.method': 'mrmr', 'select.k': '2' };
    const fields = { level: 0.5, lags: [-1, 2], select: { method: 'mrmr', k: 2 } };
    expect((await csv(TABLE, query)).options).toEqual(fields);
    expect((await csv(TABLE, { lags: ['1', '2,3'] })).options.lags).toEqual([1, 2, 3]);
  });

  it('are checked before the samples are read', async () => {
    await expect(json({ x: 'none', y: [], level: 2 })).rejects.toMatchObject(
      refused('out_of_range', '/level'),
    );
    await expect(csv('no,table\n1', { level: '2' })).rejects.toMatchObject(
      refused('out_of_range', '/level'),
    );
    await expect(csv('no,table\n1', { missing: 'guess' })).rejects.toMatchObject(
      refused('invalid_value', '/missing'),
    );
    await expect(json({ x: 'none', y: [], missing: 'guess' })).rejects.toMatchObject(
      refused('invalid_value', '/missing'),
    );
  });

  it.each<[string, Query, string, string]>([
    ['an unknown parameter', { alpha: '1' }, 'unknown_field', '/alpha'],
    ['a field of an option that is none', { 'level.a': '1' }, 'unknown_field', '/level/a'],
    ['a field of a side', { 'x.a': 'b' }, 'unknown_field', '/x/a'],
    ['weights', { weights: 'a' }, 'weights_not_supported', '/weights'],
    ['a column that is not there', { x: 'z' }, 'unknown_column', '/x'],
    ['a category that is not there', { categorical: 'z' }, 'unknown_column', '/categorical/0'],
  ])('beside CSV refuse %s', async (_name, query, code, pointer) => {
    await expect(csv(TABLE, query)).rejects.toMatchObject(refused(code, pointer));
  });

  it('stay out of the query string of JSON', async () => {
    const bytes = Buffer.from('{"x":[1,2],"y":[1,2]}');
    const body = { format: 'json' as const, bytes, query: { level: '0.5' } };
    await expect(readSamples(body, form, limits)).rejects.toMatchObject(
      refused('unknown_field', '/level'),
    );
  });
});

describe('the samples of a request', () => {
  it('are the same from CSV, from NDJSON and from JSON', async () => {
    const lines = '{"y":7,"x":3}\n{"y":8,"x":1}\n{"y":9,"x":2}\n';
    const ndjson = { format: 'ndjson' as const, bytes: Buffer.from(lines), query: {} };
    const read = [
      await json({ x: [3, 1, 2], y: [7, 8, 9] }),
      await csv(TABLE),
      await readSamples(ndjson, form, limits),
    ];
    for (const { data } of read) {
      expect(data).toMatchObject({ rows: 3, dropped: 0 });
      expect([...data.named.x.matrix.values]).toEqual([3, 1, 2]);
      expect([...data.named.y.matrix.values]).toEqual([7, 8, 9]);
    }
  });

  it('are the columns that parameters name, in their order', async () => {
    const { data } = await csv(TABLE, { x: 'y,a', y: ['x'] });
    expect(data.named.x.columns).toEqual(['y', 'a']);
    expect([...data.named.x.matrix.values]).toEqual([7, 8, 9, 1, 2, 3]);
  });

  it('become categories when texts, or when named so', async () => {
    const { data } = await csv(TABLE, { x: 'b', categorical: 'y' });
    expect(data.named.x.discrete).toEqual([{ name: 'b', type: 'categorical', levels: 2 }]);
    // The more frequent label is number 0.
    expect([...data.named.x.matrix.values]).toEqual([0, 1, 0]);
    expect(data.named.y.discrete).toEqual([{ name: 'y', type: 'categorical', levels: 3 }]);
  });

  it('lose the rows with missing values only when told', async () => {
    const body = { x: [1, null, 3], y: [1, 2, 3] };
    await expect(json(body)).rejects.toMatchObject(refused('missing_value', '/x/1'));
    const { data } = await json({ ...body, missing: 'drop_rows' });
    expect(data).toMatchObject({ rows: 2, dropped: 1 });
    expect([...data.named.y.matrix.values]).toEqual([1, 3]);
  });

  it('of a time series cannot lose rows', async () => {
    const series = { ...form, layout: SERIES };
    const body = { x: [1, 2, 3], y: [1, 2, 3], missing: 'drop_rows' };
    await expect(json(body, series)).rejects.toMatchObject(refused('invalid_value', '/missing'));
  });

  it('of a table keep their gaps when each estimate leaves out its own', async () => {
    const table = { layout: TARGET, options, coding: 'numbers' as const };
    const bytes = Buffer.from('a,target\n1,1\n,2\n3,3\n');
    const query = { missing: 'drop_pairwise' };
    const { data } = await readSamples({ format: 'csv', bytes, query }, table, limits);
    expect(data).toMatchObject({ rows: 3, dropped: 0 });
    expect([...(data.apart[0]?.matrix.values ?? [])]).toEqual([1, Number.NaN, 3]);
  });
});
