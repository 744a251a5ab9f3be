import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TABLE, XY } from '../../../src/formats/table/layout.js';
import { npyTable } from '../../../src/formats/table/npy-table.js';
import { npzTable } from '../../../src/formats/table/npz.js';
import { readExample } from '../../examples.js';
import { limits, problem, read, valuesOf } from './source.js';

const fixture = (name: string) => readFile(`test/fixtures/${name}`);
const patients = readExample('diabetes');
const first = (name: string) => (patients[name] ?? []).slice(0, 40);

describe('an npz file', () => {
  it.each(['plain', 'compressed'])('%s holds an array per side', async (name) => {
    const { named } = await read(npzTable, await fixture(`${name}.npz`), XY);
    expect(valuesOf(named.x)).toEqual([first('bmi'), first('bp')]);
    expect(valuesOf(named.y)).toEqual([first('target')]);
    expect(named.x.columns.map((column) => column.name)).toEqual(['x0', 'x1']);
  });

  it('may be column by column, of single precision and big-endian', async () => {
    const { named } = await read(npzTable, await fixture('fortran-f4.npz'), XY);
    valuesOf(named.x).forEach((column, c) => {
      const expected = first(c === 0 ? 'bmi' : 'bp').map(Math.fround);
      expect(column).toEqual(expected);
    });
    expect(valuesOf(named.y)).toEqual([first('target')]);
  });

  it('gives its booleans as booleans', async () => {
    const { named } = await read(npzTable, await fixture('integers.npz'), XY);
    expect(named.y.columns[0]?.kind).toBe('boolean');
    expect(valuesOf(named.y)).toEqual([first('target').map((v) => Number(v > 150))]);
  });

  it('takes its NaN as a missing value', async () => {
    const { named } = await read(npzTable, await fixture('nan.npz'), XY);
    expect(valuesOf(named.x)[0]?.findIndex(Number.isNaN)).toBe(7);
  });

  it('joins several arrays in one side', async () => {
    const place = { x: ['y,x'], y: ['y'] };
    const { named } = await read(npzTable, await fixture('plain.npz'), XY, place);
    expect(valuesOf(named.x)).toEqual([first('target'), first('bmi'), first('bp')]);
    expect(named.x.pointerOf(3, 2)).toBe('/x/3/1');
  });

  it('is a table of its arrays, each under its name', async () => {
    const { apart } = await read(npzTable, await fixture('plain.npz'), TABLE);
    expect(apart.map((side) => [side.name, side.columns.length])).toEqual([
      ['x', 2],
      ['y', 1],
    ]);
  });

  it.each<[string, string, ReturnType<typeof problem>]>([
    ['of objects', 'object.npz', problem('unsupported_dtype', '')],
    ['of texts', 'text.npz', problem('unsupported_dtype', '')],
    ['of complex numbers', 'complex.npz', problem('unsupported_dtype', '')],
    ['of three dimensions', 'three.npz', problem('invalid_npy', '')],
    ['of unequal rows', 'unequal.npz', problem('unequal_rows', '/y')],
    ['without y', 'no-y.npz', problem('missing_field', '/y')],
    ['that is another file', 'table.npy', problem('invalid_npy', '')],
  ])('%s is refused', async (_name, file, { code, details: { pointer } }) => {
    const error = read(npzTable, await fixture(file), XY);
    await expect(error).rejects.toMatchObject({ code });
    if (pointer !== '') await expect(error).rejects.toMatchObject({ details: { pointer } });
  });

  it('is not unpacked beyond the limit', async () => {
    const small = { limits: { ...limits, maxBytes: 300 } };
    await expect(read(npzTable, await fixture('plain.npz'), XY, {}, small)).rejects.toMatchObject({
      code: 'body_too_large',
    });
    await expect(read(npzTable, await fixture('bomb.npz'), XY)).rejects.toMatchObject({
      code: 'body_too_large',
    });
  });

  it('with a byte turned over is refused, wherever the byte is', async () => {
    const bytes = await fixture('plain.npz');
    const middle = Buffer.from(bytes);
    middle[400] = (middle[400] as number) ^ 0xff;
    await expect(read(npzTable, middle, XY)).rejects.toMatchObject({ code: 'invalid_npy' });
  });
});

describe('an npy file', () => {
  it('is a table whose columns go by their number', async () => {
    const bytes = await fixture('table.npy');
    const { apart } = await read(npyTable, bytes, TABLE);
    expect(apart.map(({ name }) => name)).toEqual(['0', '1', '2']);
    const { named } = await read(npyTable, bytes, XY, { x: ['0,1'], y: ['2'] });
    expect(valuesOf(named.x)).toEqual([first('bmi'), first('bp')]);
    await expect(read(npyTable, bytes, XY, { x: ['3'], y: ['2'] })).rejects.toMatchObject(
      problem('unknown_column', '/x'),
    );
  });
});
