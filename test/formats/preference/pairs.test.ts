import { describe, expect, it } from 'vitest';
import type { PairFormat } from '../../../src/formats/preference/pair-format.js';
import { ndjsonPairs, pairsFromJson } from '../../../src/formats/preference/pairs.js';
import { csvPairs } from '../../../src/formats/preference/pairs-csv.js';
import { logRatioMargins } from '../../../src/preference/pairs.js';

const pair = (more: object = {}) => ({
  chosen_logps: -10,
  rejected_logps: -12,
  ref_chosen_logps: -11,
  ref_rejected_logps: -11.5,
  ...more,
});

const rows = [
  pair({ prompt_id: 'a', chosen_tokens: 4, rejected_tokens: 6, features: { length: -2 } }),
  pair({ prompt_id: 'b', chosen_tokens: 5, rejected_tokens: 5, features: { length: 0.5 } }),
  pair({ prompt_id: 'a', chosen_tokens: 9, rejected_tokens: 3, features: { length: 6 } }),
];
const columns = {
  prompt_id: ['a', 'b', 'a'],
  chosen_logps: [-10, -10, -10],
  rejected_logps: [-12, -12, -12],
  reference_chosen_logps: [-11, -11, -11],
  reference_rejected_logps: [-11.5, -11.5, -11.5],
  chosen_tokens: [4, 5, 9],
  rejected_tokens: [6, 5, 3],
  features: { length: [-2, 0.5, 6] },
};
const csv = [
  'prompt_id,chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps,chosen_tokens,rejected_tokens,features.length',
  'a,-10,-12,-11,-11.5,4,6,-2',
  'b,-10,"-12",-11,-11.5,5,5,0.5',
  'a,"[-4.5,-5.5]",-12,-11,-11.5,2,3,6',
].join('\n');

const LIMITS = { maxPairs: 10, maxBytes: 10_000, maxLineBytes: 1000 };

/** Reads a stream that is cut at every few bytes. */
async function stream(format: PairFormat, text: string, limits = LIMITS) {
  async function* chunks() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  return format.read(chunks(), limits);
}
const ndjson = (list: readonly unknown[]) =>
  stream(ndjsonPairs, list.map((row) => JSON.stringify(row)).join('\n'));

describe('preference pairs', () => {
  it('are the same as rows, as columns and as lines of JSON', async () => {
    const fromRows = pairsFromJson(rows, 10);
    expect(pairsFromJson(columns, 10)).toEqual(fromRows);
    expect(await ndjson(rows)).toEqual(fromRows);
    expect([...logRatioMargins(fromRows.pairs)]).toEqual([1.5, 1.5, 1.5]);
    expect(fromRows.pairs.clusters).toEqual({ of: Int32Array.of(0, 1, 0), count: 2 });
    expect([...(fromRows.pairs.features.get('length') ?? [])]).toEqual([-2, 0.5, 6]);
  });

  it('come from CSV as plain numbers, quoted cells and lists of tokens', async () => {
    const { pairs } = await stream(csvPairs, csv);
    expect([...pairs.chosen]).toEqual([-10, -10, -10]);
    expect(pairs.clusters.count).toBe(2);
    expect([...(pairs.tokens?.chosen ?? [])]).toEqual([4, 5, 2]);
    expect([...(pairs.features.get('length') ?? [])]).toEqual([-2, 0.5, 6]);
  });

  it('name the columns beside them that are not read', async () => {
    expect(pairsFromJson([pair({ score: 1 }), pair({ note: 'x' })], 10).ignored).toEqual([
      'score',
      'note',
    ]);
    const header = 'chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps,score';
    expect((await stream(csvPairs, `${header}\n-1,-2,-1,-2,5`)).ignored).toEqual(['score']);
  });

  it('without token counts in every pair have none', () => {
    const some = [rows[0], { ...pair({ prompt_id: 'b', features: { length: 1 } }) }];
    expect(pairsFromJson(some, 10).pairs.tokens).toBeUndefined();
    expect(pairsFromJson(rows, 10).pairs.tokens?.rejected).toEqual(Int32Array.of(6, 5, 3));
  });
});

describe('preference pairs are refused', () => {
  const cases: [string, unknown, string, string][] = [
    ['when there are none', [], 'empty_samples', '/pairs'],
    ['when they are missing', undefined, 'missing_field', '/pairs'],
    ['as a string', 'rows', 'invalid_type', '/pairs'],
    ['when one is not an object', [pair(), 3], 'invalid_type', '/pairs/1'],
    [
      'without a log-prob',
      [pair(), pair({ rejected_logps: undefined })],
      'missing_field',
      '/pairs/1/rejected_logps',
    ],
    [
      'with a positive log-prob',
      [pair({ chosen_logps: 1 })],
      'positive_log_prob',
      '/pairs/0/chosen_logps',
    ],
    ['with a prompt in some alone', [pair({ prompt_id: 1 }), pair()], 'missing_field', '/pairs/1'],
    [
      'with a feature in some alone',
      [pair({ features: { a: 1 } }), pair({ features: {} })],
      'missing_field',
      '/pairs/1',
    ],
    [
      'with a feature more',
      [pair({ features: { a: 1 } }), pair({ features: { a: 1, 'b/c': 2 } })],
      'unknown_field',
      '/pairs/1/features/b~1c',
    ],
    ['with half a token', [pair({ chosen_tokens: 1.5 })], 'out_of_range', '/pairs/0/chosen_tokens'],
    [
      'with lists of unequal lengths',
      [pair({ chosen_logps: [-1], ref_chosen_logps: [-1, -2] })],
      'token_counts_differ',
      '/pairs/0/chosen_logps',
    ],
    [
      'with a count that is not that of a list',
      [pair({ chosen_logps: [-1], chosen_tokens: 2 })],
      'token_counts_differ',
      '/pairs/0/chosen_tokens',
    ],
    [
      'with columns of unequal lengths',
      { chosen_logps: [-1, -2], rejected_logps: [-1] },
      'unequal_rows',
      '/pairs/rejected_logps',
    ],
    ['when they are too many', new Array(11).fill(pair()), 'too_many_pairs', '/pairs'],
  ];

  it.each(cases)('%s', (_name, value, code, pointer) => {
    expect(() => pairsFromJson(value, 10)).toThrow(
      expect.objectContaining({ code, details: { pointer } }),
    );
  });

  it('at the line that is wrong', async () => {
    await expect(ndjson([pair(), pair({ chosen_logps: 'x' })])).rejects.toMatchObject({
      message: expect.stringMatching(/^Line 2: /),
      code: 'not_a_number',
      details: { pointer: '/pairs/1/chosen_logps' },
    });
    await expect(stream(ndjsonPairs, '{"chosen_logps":')).rejects.toMatchObject({
      code: 'invalid_json',
    });
  });

  it.each<[string, string, string]>([
    ['without a column', 'chosen_logps,rejected_logps\n-1,-2', 'missing_field'],
    ['with a column twice', `${csv.split('\n')[0]},prompt_id\n`, 'invalid_csv'],
    ['with a row too short', `${csv}\na,-1`, 'invalid_csv'],
    ['with a cell that is cut JSON', csv.replace('[-4.5,-5.5]', '[-4.5'), 'invalid_json'],
    ['with an open quote', `${csv}\n"a,-1`, 'invalid_csv'],
    ['without a header', '', 'invalid_csv'],
  ])('as CSV %s', async (_name, text, code) => {
    await expect(stream(csvPairs, text)).rejects.toMatchObject({ code });
  });

  it('beyond the limits on bytes, on one line and on pairs', async () => {
    const long = { ...LIMITS, maxLineBytes: 50 };
    await expect(stream(csvPairs, csv, long)).rejects.toMatchObject({ code: 'body_too_large' });
    const little = { ...LIMITS, maxBytes: 100 };
    await expect(stream(csvPairs, csv, little)).rejects.toMatchObject({ code: 'body_too_large' });
    const two = { ...LIMITS, maxPairs: 2 };
    await expect(stream(csvPairs, csv, two)).rejects.toMatchObject({ code: 'too_many_pairs' });
  });
});
