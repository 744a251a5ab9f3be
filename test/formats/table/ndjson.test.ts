import { describe, expect, it } from 'vitest';
import { XY } from '../../../src/formats/table/layout.js';
import { ndjsonTable } from '../../../src/formats/table/ndjson.js';
import { problem, read, valuesOf } from './source.js';

const xy = (lines: readonly (object | string)[], place = {}) => {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  return read(ndjsonTable, text.join('\n'), XY, place);
};

describe('a table of JSON lines', () => {
  it('has the columns of its first line, whatever the order in others', async () => {
    const { named } = await xy(
      [
        { a: 1, b: 2, c: 'unused' },
        { c: 'unused', b: 4, a: 3 },
      ],
      { x: ['a'], y: ['b'] },
    );
    expect([valuesOf(named.x), valuesOf(named.y)]).toEqual([[[1, 3]], [[2, 4]]]);
  });

  it('skips blank lines, and reads CRLF and no last line end', async () => {
    const { named } = await xy(['\ufeff{"x":1,"y":2}\r', '', '  ', '{"x":3,"y":4}']);
    expect(valuesOf(named.x)).toEqual([[1, 3]]);
  });

  it('takes null and an absent field as missing, and a later field as nothing', async () => {
    const { named } = await xy([
      { x: 1, y: 1 },
      { x: null, y: 2 },
      { y: 3, other: 9 },
    ]);
    expect(valuesOf(named.x)).toEqual([[1, Number.NaN, Number.NaN]]);
  });

  it('keeps booleans, labels and numbers apart', async () => {
    const { named } = await xy([
      { x: 'a', y: true },
      { x: 'b', y: false },
    ]);
    expect(named.x.columns[0]).toMatchObject({ kind: 'text', labels: ['a', 'b'] });
    expect(named.y.columns[0]).toMatchObject({ kind: 'boolean' });
    expect(valuesOf(named.y)).toEqual([[1, 0]]);
  });

  it('does not take what every object inherits for a field', async () => {
    await expect(xy([{ x: 1, y: 1 }], { x: ['toString'] })).rejects.toMatchObject(
      problem('unknown_column', '/x'),
    );
  });
});

describe('JSON lines are refused', () => {
  it.each<[string, (object | string)[], ReturnType<typeof problem>]>([
    ['when there are none', ['', ' '], problem('empty_samples')],
    ['when one is cut', [{ x: 1, y: 2 }, '{"x":'], problem('invalid_json')],
    ['when one is an array', [{ x: 1, y: 2 }, '[1,2]'], problem('invalid_type')],
    ['when one is null', ['null'], problem('invalid_type')],
    ['with a nested value', [{ x: [1], y: 2 }], problem('not_a_number', '/x/0')],
    [
      'with a string among numbers',
      [
        { x: 1, y: 2 },
        { x: '1', y: 2 },
      ],
      problem('not_a_number', '/x/1'),
    ],
    ['with a number too large', ['{"x":1e999,"y":2}'], problem('not_finite', '/x/0')],
    ['with one row', [{ x: 1, y: 2 }], problem('too_few_rows')],
    ['without a side', [{ x: 1 }, { x: 2 }], problem('unknown_column', '/y')],
  ])('%s', async (_name, lines, expected) => {
    await expect(xy(lines)).rejects.toMatchObject(expected);
  });

  it('at the line that is wrong', async () => {
    await expect(xy([{ x: 1, y: 2 }, '', 'x'])).rejects.toThrow(/^Line 3: /);
  });

  it('when they are not UTF-8', async () => {
    const bytes = Buffer.from('{"x":"\xfc","y":1}', 'latin1');
    await expect(read(ndjsonTable, bytes, XY)).rejects.toMatchObject(problem('invalid_json'));
  });
});
