import { describe, expect, it } from 'vitest';
import { type CandidateRules, readPrompts } from '../../../src/formats/preference/candidates.js';

const CANDIDATES: CandidateRules = { list: 'candidates', draws: false };
const SAMPLES: CandidateRules = { list: 'samples', draws: true };

const candidate = (id: string, policy_logp: number, more: object = {}) => ({
  id,
  policy_logp,
  ref_logp: policy_logp - 1,
  ...more,
});
const both = [candidate('a', -1), candidate('b', -2)];

describe('the candidates of prompts', () => {
  it('are the same as lists and as rows, whatever the order of prompts', () => {
    const lists = {
      prompts: [
        { id: 'p', candidates: both },
        { id: 'q', candidates: both },
      ],
    };
    const rows = ['a', 'b'].flatMap((_, i) =>
      ['p', 'q'].map((prompt_id) => ({ prompt_id, ...(both[i] as object) })),
    );
    const read = readPrompts(lists, CANDIDATES, 10);
    expect(readPrompts({ rows }, CANDIDATES, 10)).toEqual(read);
    expect(read.prompts.map(({ id, candidates }) => [id, candidates.length])).toEqual([
      ['p', 2],
      ['q', 2],
    ]);
    expect(read.prompts[0]?.candidates[1]).toMatchObject({ id: 'b', policy: -2, reference: -3 });
  });

  it('and prompts without an id go by their place', () => {
    const bare = both.map(({ id: _, ...rest }) => rest);
    const { prompts } = readPrompts({ prompts: [{ candidates: bare }] }, CANDIDATES, 10);
    expect(prompts[0]?.id).toBe('0');
    expect(prompts[0]?.candidates.map(({ id }) => id)).toEqual(['0', '1']);
  });

  it('that come again count once, within rounding; draws count each time', () => {
    const again = [...both, candidate('a', -1 - 1e-9)];
    const once = readPrompts({ prompts: [{ candidates: again }] }, CANDIDATES, 10);
    expect(once).toMatchObject({ merged: ['a'], distinct: true });
    expect(once.prompts[0]?.candidates).toHaveLength(2);
    const draws = readPrompts({ prompts: [{ samples: again }] }, SAMPLES, 10);
    expect(draws).toMatchObject({ merged: [], distinct: false });
    expect(draws.prompts[0]?.candidates).toHaveLength(3);
  });

  it('of a whole support have probabilities that sum to 1 under each model', () => {
    const half = Math.log(0.5);
    const whole = (ref_logp: number) => ({
      proposal: 'support',
      prompts: [
        {
          samples: [
            { id: 'a', policy_logp: half, ref_logp: half },
            { id: 'b', policy_logp: half, ref_logp },
          ],
        },
      ],
    });
    expect(readPrompts(whole(half), SAMPLES, 10).prompts).toHaveLength(1);
    expect(() => readPrompts(whole(half - 0.1), SAMPLES, 10)).toThrow(
      expect.objectContaining({ code: 'incomplete_support', details: { pointer: '/prompts/0' } }),
    );
  });

  it('count the floors of those that stay', () => {
    const floored = [candidate('a', -9999), candidate('b', -1), candidate('a', -9999)];
    expect(readPrompts({ prompts: [{ candidates: floored }] }, CANDIDATES, 10).floored).toBe(1);
  });
});

describe('candidates are refused', () => {
  const of = (...candidates: unknown[]) => ({ prompts: [{ id: 'p', candidates }] });
  it.each<[string, Record<string, unknown>, string, string]>([
    ['when there are none', { prompts: [] }, 'empty_samples', '/prompts'],
    ['in neither form', {}, 'missing_field', '/prompts'],
    ['in both forms', { prompts: [], rows: [] }, 'unknown_field', '/rows'],
    ['when one prompt has one', of(both[0]), 'too_few_candidates', '/prompts/0'],
    ['when one prompt has none', of(), 'too_few_candidates', '/prompts/0'],
    [
      'when a prompt lacks them',
      { prompts: [{ id: 'p' }] },
      'missing_field',
      '/prompts/0/candidates',
    ],
    [
      'when two prompts share an id',
      {
        prompts: [
          { id: 1, candidates: both },
          { id: '1', candidates: both },
        ],
      },
      'invalid_value',
      '/prompts/1/id',
    ],
    ['with a row of no prompt', { rows: both }, 'missing_field', '/rows/0/prompt_id'],
    [
      'with an id that is an object',
      of({ ...both[0], id: {} }, both[1]),
      'invalid_type',
      '/prompts/0/candidates/0/id',
    ],
    [
      'with a field that is not known',
      of({ ...both[0], logp: 1 }, both[1]),
      'unknown_field',
      '/prompts/0/candidates/0/logp',
    ],
    [
      'when one comes again with another value',
      of(both[0], both[1], candidate('a', -1.1)),
      'candidates_disagree',
      '/prompts/0/candidates/2',
    ],
    [
      'without a log-prob',
      of({ id: 'a', policy_logp: -1 }, both[1]),
      'missing_field',
      '/prompts/0/candidates/0/ref_logp',
    ],
    [
      'when they are too many',
      of(...both, candidate('c', -1), candidate('d', -1)),
      'too_many_pairs',
      '/prompts/0/candidates/3',
    ],
  ])('%s', (_name, fields, code, pointer) => {
    expect(() => readPrompts(fields, CANDIDATES, 3)).toThrow(
      expect.objectContaining({ code, details: { pointer } }),
    );
  });
});
