import { describe, expect, it } from 'vitest';
import { csvTable } from '../../../src/formats/table/csv.js';
import { TABLE, TARGET, XY } from '../../../src/formats/table/layout.js';
import { limits, problem, read, valuesOf } from './source.js';

const xy = (text: string | Uint8Array, place = {}, more = {}) =>
  read(csvTable, text, XY, place, more);

describe('a CSV table', () => {
  it('gives each side the column of its name, or those that are named', async () => {
    const text = 'y,x,z\n1,2,3\n4,5,6\n';
    const plain = (await xy(text)).named;
    expect([valuesOf(plain.x), valuesOf(plain.y)]).toEqual([[[2, 5]], [[1, 4]]]);
    const chosen = (await xy(text, { x: ['z,y'], y: ['x'] })).named;
    expect(valuesOf(chosen.x)).toEqual([
      [3, 6],
      [1, 4],
    ]);
    expect(chosen.x.columns.map(({ name }) => name)).toEqual(['z', 'y']);
  });

  it('makes all columns but the target features', async () => {
    const { named, apart } = await read(csvTable, 'a,target,b\n1,2,3\n4,5,6', TARGET);
    expect(valuesOf(named.target)).toEqual([[2, 5]]);
    expect(apart.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('reads the same with quotes, spaces, CRLF, a byte order mark and no last line end', async () => {
    const quoted = '\ufeff"x","y"\r\n "1.5",2\r\n 3 ,"4"';
    // A space before a quote is no CSV: the quote is neither around the cell nor doubled in it.
    await expect(xy(quoted)).rejects.toMatchObject(problem('invalid_csv'));
    const { named } = await xy(quoted.replace(' "1.5"', '"1.5"'));
    expect([valuesOf(named.x), valuesOf(named.y)]).toEqual([[[1.5, 3]], [[2, 4]]]);
  });

  it('takes a comma, a quote and a line break inside a quoted cell', async () => {
    const { named } = await xy('x,y\n"a,""b""\nc",1\nd,2\n');
    expect(named.x.columns[0]).toMatchObject({ kind: 'text', labels: ['a,"b"\nc', 'd'] });
  });

  it('takes all that stands for a missing value as one', async () => {
    const cells = ['', 'NA', 'n/a', 'NaN', 'null', 'None', ' '];
    const { named } = await xy(['x,y', ...cells.map((cell) => `${cell},1`), '7,1'].join('\n'));
    expect(named.x.columns[0]?.kind).toBe('number');
    expect(valuesOf(named.x)).toEqual([[...cells.map(() => Number.NaN), 7]]);
  });

  it('finds the kind of a column: numbers, booleans or labels', async () => {
    const { named } = await xy('n,b,t,y\n-1e3,TRUE,low,1\n.5,false,high,2\n', { x: ['n,b,t'] });
    expect(named.x.columns.map(({ kind }) => kind)).toEqual(['number', 'boolean', 'text']);
    expect(valuesOf(named.x)).toEqual([
      [-1000, 0.5],
      [1, 0],
      [0, 1],
    ]);
  });

  it('takes numbers as labels where they are named categories', async () => {
    const { named } = await xy('x,y\n10,1\n7,2\n10,3\n', {}, { categorical: ['x'] });
    expect(named.x.columns[0]).toMatchObject({ kind: 'text', labels: ['10', '7'] });
  });
});

describe('a CSV table is refused', () => {
  it.each<[string, string | Uint8Array, ReturnType<typeof problem>]>([
    ['when empty', '', problem('empty_samples')],
    ['with a header alone', 'x,y\n', problem('empty_samples')],
    ['with one row', 'x,y\n1,2\n', problem('too_few_rows')],
    ['with a row too short', 'x,y\n1,2\n3\n', problem('invalid_csv')],
    ['with an open quote', 'x,y\n1,2\n"3,4\n', problem('invalid_csv')],
    ['with a name twice', 'x,y,x\n1,2,3\n1,2,3', problem('invalid_csv')],
    ['in UTF-16', Buffer.from('x,y\n1,2\n3,4', 'utf16le'), problem('invalid_csv')],
    ['in Latin-1', Buffer.from('x,y\n\xfc,2\n', 'latin1'), problem('invalid_csv')],
    ['with text among numbers', 'x,y\n1,2\ntwo,3\n', problem('not_a_number', '/x/1')],
    ['with an infinite number', 'x,y\n1,2\n2,1e999\n', problem('not_finite', '/y/1')],
    ['without a column', 'a,y\n1,2\n3,4\n', problem('unknown_column', '/x')],
  ])('%s', async (_name, body, expected) => {
    await expect(xy(body)).rejects.toMatchObject(expected);
  });

  it('at the line that is wrong, counted from 1 with the header', async () => {
    await expect(xy('x,y\n1,2\n\n3\n')).rejects.toThrow(/^Line 4: /);
  });

  it('beyond the limits on rows, columns of a side and columns of a table', async () => {
    const rows = 'x,y\n1,2\n3,4\n5,6\n';
    const two = { limits: { ...limits, maxRows: 2, maxColumns: 1, maxSides: 2 } };
    await expect(xy(rows, {}, two)).rejects.toMatchObject({ code: 'too_many_rows' });
    await expect(xy('a,b,y\n1,2,3\n4,5,6\n', { x: ['a,b'] }, two)).rejects.toMatchObject({
      code: 'too_many_columns',
    });
    const wide = 'a,b,c\n1,2,3\n4,5,6\n';
    await expect(read(csvTable, wide, TABLE, {}, two)).rejects.toMatchObject({
      code: 'too_many_columns',
    });
    await expect(read(csvTable, 'a\n1\n2\n', TABLE)).rejects.toMatchObject(
      problem('too_few_columns', '/columns'),
    );
  });
});
