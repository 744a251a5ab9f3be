import { describe, expect, it } from 'vitest';
import { TABLE, TRIPLE, XY } from '../../../src/formats/table/layout.js';
import { rawTable } from '../../../src/formats/table/tensor.js';
import { limits, problem, read, valuesOf } from './source.js';

const bytesOf = (numbers: Float64Array | Float32Array) => new Uint8Array(numbers.buffer);
const six = bytesOf(Float64Array.of(1, 2, 3, 4, 5, 6));

describe('raw numbers', () => {
  it('are one side after the other, row by row', async () => {
    const { named, apart } = await read(rawTable, six, XY, { rows: 2, dim_x: 2 });
    expect(valuesOf(named.x)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(valuesOf(named.y)).toEqual([[5, 6]]);
    expect(named.x.columns.map(({ name }) => name)).toEqual(['x0', 'x1']);
    expect(apart).toEqual([]);
  });

  it('have one column per side unless told', async () => {
    const { named } = await read(rawTable, six, TRIPLE, { rows: 2 });
    expect(valuesOf(named.z)).toEqual([[5, 6]]);
  });

  it('may be of single precision, and lie anywhere in memory', async () => {
    const floats = bytesOf(Float32Array.of(0.5, 1.5, -2, 4));
    const shifted = new Uint8Array(floats.length + 1);
    shifted.set(floats, 1);
    const place = { rows: 2, dtype: 'float32' };
    const bytes = Buffer.from(shifted.buffer, 1);
    const { named } = await rawTable.read(bytes, { layout: XY, place, categorical: [], limits });
    expect([valuesOf(named.x), valuesOf(named.y)]).toEqual([[[0.5, 1.5]], [[-2, 4]]]);
  });

  it('take NaN as a missing value', async () => {
    const body = bytesOf(Float64Array.of(1, Number.NaN, 3, 4));
    const { named } = await read(rawTable, body, XY, { rows: 2 });
    expect(valuesOf(named.x)).toEqual([[1, Number.NaN]]);
  });

  it.each<[string, Uint8Array, Record<string, unknown>, ReturnType<typeof problem>]>([
    ['without their rows', six, {}, problem('missing_field', '/rows')],
    ['too few for the shape', six, { rows: 4 }, problem('invalid_tensor')],
    ['too many for the shape', six, { rows: 2 }, problem('invalid_tensor')],
    ['of an odd length', six.slice(1), { rows: 3 }, problem('invalid_tensor')],
    [
      'of a type that is not read',
      six,
      { rows: 3, dtype: 'int8' },
      problem('invalid_value', '/dtype'),
    ],
    [
      'with an infinite one',
      bytesOf(Float64Array.of(1, 2, 3, -Infinity)),
      { rows: 2 },
      problem('not_finite', '/y/1/0'),
    ],
    ['of one row', six, { rows: 1, dim_x: 5 }, problem('too_few_rows', '/rows')],
    ['of too many columns', six, { rows: 2, dim_x: 6 }, problem('too_many_columns', '/rows')],
  ])('are refused %s', async (_name, body, place, expected) => {
    await expect(read(rawTable, body, XY, place)).rejects.toMatchObject(expected);
  });

  it('cannot be a table, as they have no names', () => {
    expect(() => rawTable.places(TABLE)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type' }),
    );
    expect(rawTable.describe(TABLE)).toBeUndefined();
  });
});
