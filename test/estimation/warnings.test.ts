import { describe, expect, it } from 'vitest';
import type { ModelTraits } from '../../src/estimation/model.js';
import {
  nearDeterministic,
  numberedSide,
  rowsDropped,
  rowsDroppedPairwise,
  type WarningCase,
  warningsFor,
} from '../../src/estimation/warnings.js';
import type { ColumnFacts, SampleFacts } from '../../src/samples/facts.js';
import { WARNING_CODES } from '../../src/warnings.js';
import { model } from './exact.js';

const plain: ColumnFacts = { use: 'used', distinct: 100, tiedPairs: 0 };
const constant: ColumnFacts = { use: 'constant', distinct: 1, tiedPairs: 1 };
const coarse: ColumnFacts = { use: 'used', distinct: 3, tiedPairs: 0.3 };

/** Samples that nothing is to be said about, but for what is given. */
function caseOf(facts: Partial<SampleFacts> = {}, blocks = 1): WarningCase {
  const all: SampleFacts = {
    rows: 100,
    x: [plain],
    y: [plain],
    repeatedRows: 0,
    repeatExcess: 0,
    largestCorrelation: 0.5,
    leastUnexplainedShare: 1,
    ...facts,
  };
  return {
    answer: { facts: all, blocks },
    x: numberedSide('x', all.x.length),
    y: numberedSide('y', all.y.length),
  };
}

const warn = (facts: Partial<SampleFacts>, traits: ModelTraits = model, blocks = 1) =>
  warningsFor([caseOf(facts, blocks)], traits);
const codes = (facts: Partial<SampleFacts>, traits?: ModelTraits) =>
  warn(facts, traits).map(({ code }) => code);

describe('warningsFor', () => {
  it('says nothing of plain samples', () => {
    expect(codes({})).toEqual([]);
  });

  it.each<[string, Partial<SampleFacts>]>([
    ['few_rows', { rows: 29 }],
    ['outside_trained_range', { rows: 10_001 }],
    ['outside_trained_range', { x: new Array(33).fill(plain) }],
    ['constant_column', { x: [plain, constant] }],
    ['redundant_column', { y: [plain, { ...plain, use: 'redundant' }] }],
    [
      'dummy_columns',
      {
        x: [
          { ...plain, dummyOf: 0 },
          { ...plain, use: 'joined', dummyOf: 0 },
        ],
      },
    ],
    ['ties', { x: [coarse] }],
    ['duplicate_rows', { repeatedRows: 50, repeatExcess: 100 }],
    ['near_deterministic', { largestCorrelation: 0.9995 }],
    ['near_deterministic', { leastUnexplainedShare: 0.001 }],
  ])('gives %s for what it means, and nothing else', (code, facts) => {
    expect(codes(facts)).toEqual([code]);
  });

  it.each<[string, Partial<SampleFacts>]>([
    ['as many rows as give a useful interval', { rows: 30 }],
    ['as many rows as the model has seen', { rows: 10_000 }],
    ['copies that ties explain', { repeatedRows: 50, repeatExcess: 1 }],
    ['a copy among two hundred rows', { rows: 200, repeatedRows: 1, repeatExcess: 100 }],
    ['a strong correlation', { largestCorrelation: 0.998 }],
  ])('does not warn of %s', (_name, facts) => {
    expect(codes(facts)).toEqual([]);
  });

  it('does not take the order of a handful of rows for a law', () => {
    expect(codes({ rows: 9, largestCorrelation: 1 })).toEqual(['few_rows']);
  });

  it('names the columns that it is about, each once over all estimates', () => {
    const facts = { x: [plain, constant, constant] };
    const [warning] = warningsFor([caseOf(facts), caseOf(facts)], model);
    expect(warning?.message).toContain('x column 1, x column 2');
    expect(warning?.message).not.toContain('x column 0');
    expect(warning?.message.match(/x column 1/g)).toHaveLength(1);
  });

  it('lists five names and counts the rest', () => {
    const [warning] = warn({ x: [plain, ...new Array(7).fill(constant)] });
    expect(warning?.message).toContain('x column 5 and 2 more');
    expect(warning?.message).not.toContain('x column 6');
  });

  it('says in how many blocks rows were estimated', () => {
    expect(warn({ rows: 30_000 }, model, 3)[0]?.message).toMatch(/30000.*3 blocks/);
  });

  it('comes in the order of the table, one per code', () => {
    const all = codes({
      rows: 20,
      x: [coarse, constant, ...new Array(33).fill(plain)],
      y: [plain, { ...plain, use: 'redundant' }],
      repeatedRows: 10,
      repeatExcess: 100,
      largestCorrelation: 1,
    });
    expect(all).toHaveLength(new Set(all).size);
    expect(all.length).toBeGreaterThanOrEqual(7);
    const places = all.map((code) => WARNING_CODES.indexOf(code));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });
});

describe('a reference model', () => {
  const reference: ModelTraits = { ...model, kind: 'mist-reference', columns: 64 };

  it('says what it is, and nothing of columns that it does not leave out', () => {
    expect(codes({ x: [plain, constant] }, reference)).toEqual(['reference_model']);
  });

  it('of one value admits that it gives no uncertainty', () => {
    const point = { ...reference, inputs: ['row'] };
    expect(codes({}, point)).toEqual(['reference_model', 'no_uncertainty']);
  });
});

describe('rows that were left out', () => {
  it('are counted, of all rows that came', () => {
    expect(rowsDropped({ rows: 90, dropped: 0 })).toEqual([]);
    const [warning] = rowsDropped({ rows: 90, dropped: 10 });
    expect(warning).toMatchObject({ code: 'rows_dropped' });
    expect(warning?.message).toMatch(/10 of 100/);
  });

  it('of each estimate apart, are counted at their most', () => {
    expect(rowsDroppedPairwise(100, [100, 100])).toEqual([]);
    expect(rowsDroppedPairwise(100, [90, 100, 70])[0]?.message).toMatch(/30 of 100/);
  });
});

describe('nearDeterministic', () => {
  it('says that information is bounded where all columns are coarse', () => {
    const message = (side: ColumnFacts) =>
      nearDeterministic([caseOf({ x: [side], largestCorrelation: 1 })])[0]?.message;
    expect(message(coarse)).not.toBe(message(plain));
    expect(message(coarse)).toMatch(/entropy/);
  });
});
