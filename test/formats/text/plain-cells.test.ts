import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainCells } from '../../../src/formats/text/plain-cells.js';

function readLine(line: string, isNumber: readonly boolean[]) {
  // The line is neither at the start nor at the end of its bytes.
  const bytes = Buffer.from(`1,${line}\n2`);
  const cells = new PlainCells(isNumber);
  const plain = cells.read(bytes, 2, bytes.length - 2);
  const texts = isNumber.map((_, c) => bytes.toString('utf8', cells.starts[c], cells.ends[c]));
  return { plain, numbers: [...cells.numbers], texts };
}

const decimal = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.stringMatching(/^[0-9]{0,21}$/),
    fc.option(fc.stringMatching(/^[0-9]{0,21}$/)),
    fc.option(fc.stringMatching(/^[eE][+-]?[0-9]{1,3}$/)),
  )
  .filter(([, whole, fraction]) => whole.length + (fraction?.length ?? 0) > 0)
  .map(
    ([sign, whole, fraction, exponent]) =>
      sign + whole + (fraction === null ? '' : `.${fraction}`) + (exponent ?? ''),
  );

describe('plain cells', () => {
  it('equal what Number makes of any decimal', () => {
    const numbers = fc.oneof(
      decimal,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    );
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const { plain, numbers } = readLine(`${a},${b}`, [true, true]);
        expect(plain).toBe(true);
        expect(numbers).toEqual([Number(a), Number(b)]);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuse whatever is not a decimal', () => {
    const cells = [
      '',
      '-',
      '.',
      '1e',
      '1e+',
      ' 1',
      '1 ',
      '1_0',
      '0x1',
      'nan',
      '-inf',
      '"1"',
      '[1]',
    ];
    for (const cell of cells) expect(readLine(`${cell},2`, [true, true]).plain).toBe(false);
    for (const line of ['1', '1,2,3', '1,', '']) {
      expect(readLine(line, [true, true]).plain).toBe(false);
    }
  });

  it('may be strings between commas, but not quoted ones', () => {
    const { plain, texts } = readLine('größe,-1.5,', [false, true, false]);
    expect(plain).toBe(true);
    expect(texts).toEqual(['größe', '-1.5', '']);
    expect(readLine('"a",1', [false, true]).plain).toBe(false);
    expect(readLine('a"b,1', [false, true]).plain).toBe(false);
  });
});
