import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnUses, encodeColumns } from '../../src/encoding/encode.js';
import { rankColumn, scoreTable } from '../../src/encoding/normal-scores.js';
import { normalQuantile } from '../../src/maths/normal.js';

const column = fc
  .array(
    fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    {
      minLength: 2,
      maxLength: 60,
    },
  )
  .map((values) => Float64Array.from(values));

describe('rankColumn', () => {
  it('gives ties their mean rank and treats −0 as 0', () => {
    const { doubled, distinct, tiedPairs } = rankColumn(Float64Array.of(5, -0, 7, 0, 5, 5));
    expect([...doubled]).toEqual([8, 3, 12, 3, 8, 8]);
    expect(distinct).toBe(3);
    expect(tiedPairs).toBeCloseTo(4 / 15, 12);
  });

  it('agrees with counts of smaller and equal values', () => {
    fc.assert(
      fc.property(column, (values) => {
        const counted = Array.from(values, (v) => {
          const smaller = values.filter((other) => other < v).length;
          const equal = values.filter((other) => other === v).length;
          return 2 * smaller + equal + 1;
        });
        expect([...rankColumn(values).doubled]).toEqual(counted);
      }),
    );
  });
});

describe('scores', () => {
  it('are Φ⁻¹((r − ½) / n)', () => {
    const table = scoreTable(5);
    // SciPy: norm.ppf([.1, .2, .3, .5, .9])
    const expected = [
      -1.2815515655446004, -0.8416212335729142, -0.5244005127080409, 0, 1.2815515655446004,
    ];
    [2, 3, 4, 6, 10].forEach((m, i) => {
      expect(table[m]).toBeCloseTo(expected[i] as number, 6);
    });
    expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 12);
  });

  it('are exactly negated for a negated column', () => {
    fc.assert(
      fc.property(column, (values) => {
        const rows = values.length;
        const scores = encodeColumns([rankColumn(values)], rows);
        const negated = encodeColumns([rankColumn(values.map((v) => -v))], rows);
        // Adding 0 turns −0 into 0.
        expect([...negated.values]).toEqual(Array.from(scores.values, (v) => -v + 0));
      }),
    );
  });

  it('leave out columns that order the rows like another one, in either direction', () => {
    const columns = [
      [1, 5, 2, 2],
      [2, 1, 3, 3],
      [10, 50, 20, 20],
      [-1, -5, -2, -2],
      [1, 5, 2, 3],
    ];
    const ranks = columns.map((column) => rankColumn(Float64Array.from(column)));
    expect(columnUses(ranks)).toEqual(['used', 'used', 'redundant', 'redundant', 'used']);
  });

  it('leave out constant columns', () => {
    const columns = [Float64Array.of(1, 2, 3), Float64Array.of(4, 4, 4), Float64Array.of(3, 1, 2)];
    const scores = encodeColumns(columns.map(rankColumn), 3);
    expect(scores.columns).toBe(2);
    expect(scores.values.length).toBe(6);
  });
});
