import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TARGET, XY } from '../../../src/formats/table/layout.js';
import { parquetTable } from '../../../src/formats/table/parquet.js';
import { readExample } from '../../examples.js';
import { limits, problem, read, valuesOf } from './source.js';

const fixture = (name: string) => readFile(`test/fixtures/${name}.parquet`);
const patients = readExample('diabetes');
const first = (name: string) => (patients[name] ?? []).slice(0, 40);
const bmi = { x: ['bmi'], y: ['target'] };

describe('a Parquet file', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])(
    'packed by %s has the same numbers, in all of its row groups',
    async (codec) => {
      const place = { x: ['bmi,bp'], y: ['target'] };
      const { named } = await read(parquetTable, await fixture(codec), XY, place);
      expect(valuesOf(named.x)).toEqual([first('bmi'), first('bp').map(Math.fround)]);
      expect(valuesOf(named.y)).toEqual([first('target')]);
    },
  );

  it('has labels, booleans and missing values', async () => {
    const place = { x: ['sex,old,gap'], y: ['target'] };
    const { named } = await read(parquetTable, await fixture('snappy'), XY, place);
    const [sex, old, gap] = named.x.columns;
    expect([sex?.kind, old?.kind, gap?.kind]).toEqual(['text', 'boolean', 'number']);
    expect([...(sex?.labels ?? [])].sort()).toEqual(['man', 'woman']);
    expect([...(old?.values ?? [])]).toEqual(first('age').map((age) => Number(age > 50)));
    const missing = [...(gap?.values.entries() ?? [])].filter(([, value]) => Number.isNaN(value));
    expect(missing.map(([row]) => row)).toEqual([3, 11, 19, 27, 35]);
  });

  it('makes the columns beside the target features, those that are named', async () => {
    const place = { features: ['sex,bmi'] };
    const { apart } = await read(parquetTable, await fixture('zstd'), TARGET, place);
    expect(apart.map(({ name }) => name)).toEqual(['sex', 'bmi']);
  });

  it('is refused for a nested column, but only when it is in use', async () => {
    const nested = { x: ['pair'], y: ['target'] };
    await expect(read(parquetTable, await fixture('none'), XY, nested)).rejects.toMatchObject(
      problem('unsupported_dtype', '/pair'),
    );
    expect((await read(parquetTable, await fixture('none'), XY, bmi)).apart).toEqual([]);
  });

  it('is refused for a column that is not there', async () => {
    await expect(read(parquetTable, await fixture('none'), XY)).rejects.toMatchObject(
      problem('unknown_column', '/x'),
    );
  });

  it.each([
    ['empty', 0],
    ['cut in the middle', 0.5],
    ['cut at its end', 0.99],
  ])('is refused when %s', async (_name, share) => {
    const bytes = await fixture('snappy');
    const cut = bytes.subarray(0, Math.floor(share * bytes.length));
    await expect(read(parquetTable, cut, XY, bmi)).rejects.toMatchObject(
      problem('invalid_parquet'),
    );
  });

  it('is not unpacked beyond the limit, and is refused for its rows before it is unpacked', async () => {
    const bomb = await fixture('bomb');
    await expect(read(parquetTable, bomb, XY)).rejects.toMatchObject({ code: 'too_many_rows' });
    const many = { limits: { ...limits, maxRows: 1_000_000 } };
    await expect(read(parquetTable, bomb, XY, {}, many)).rejects.toMatchObject({
      code: 'body_too_large',
    });
  });
});
