import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import { type Service, startService } from '../../service.js';
import { pair } from './pair.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const CSV = { 'content-type': 'text/csv' };

let service: Service;
beforeAll(async () => {
  service = await startService({
    MAX_PAIRS: 50,
    MAX_BODY_BYTES: 20_000,
    MAX_STREAM_BYTES: 30_000,
    MAX_ROWS: 20,
    MAX_DIM: 3,
  });
});
afterAll(() => service.close());

const candidate = (more: object = {}) => ({ policy_logp: -3, ref_logp: -4, ...more });
const prompts = (...candidates: unknown[]) => ({ prompts: [{ id: 'p', candidates }] });

// The service keeps working after each refused request.
afterEach(async () => {
  expect((await service.post({ pairs: [pair()] }, undefined, '/did/pairs')).status).toBe(200);
});

type Case = [name: string, path: string, body: unknown, code: string, pointer?: string];
const P = '/did/pairs';
const D = '/did/distribution';
const E = '/did/entropy';
const vllm = { prompt_logprobs: [null, { 1: { logprob: -1 }, 2: { logprob: -2 } }] };

const cases: Case[] = [
  ['no pairs field', P, {}, 'missing_field', '/pairs'],
  ['no pairs', P, { pairs: [] }, 'empty_samples', '/pairs'],
  ['a pair that is a number', P, { pairs: [1] }, 'invalid_type', '/pairs/0'],
  [
    'a missing log-prob',
    P,
    { pairs: [{ chosen_logps: -1 }] },
    'missing_field',
    '/pairs/0/rejected_logps',
  ],
  [
    'a positive log-prob',
    P,
    { pairs: [pair(), pair({ chosen_logps: 0.2 })] },
    'positive_log_prob',
    '/pairs/1/chosen_logps',
  ],
  [
    'a positive log-prob of a token',
    P,
    { pairs: [pair({ chosen_logps: [-1, 0.5] })] },
    'positive_log_prob',
    '/pairs/0/chosen_logps/1',
  ],
  [
    '−Infinity',
    P,
    '{"pairs":[{"chosen_logps":-1e999,"rejected_logps":-1,"ref_chosen_logps":-1,"ref_rejected_logps":-1}]}',
    'zero_probability',
    '/pairs/0/chosen_logps',
  ],
  [
    'a log-prob in quotes',
    P,
    { pairs: [pair({ chosen_logps: '-3' })] },
    'not_a_number',
    '/pairs/0/chosen_logps',
  ],
  ['null', P, { pairs: [pair({ chosen_logps: null })] }, 'not_a_number', '/pairs/0/chosen_logps'],
  [
    'a null token',
    P,
    { pairs: [pair({ chosen_logps: [-1, null] })] },
    'missing_token',
    '/pairs/0/chosen_logps/1',
  ],
  [
    'an empty list of tokens',
    P,
    { pairs: [pair({ chosen_logps: [] })] },
    'missing_token',
    '/pairs/0/chosen_logps',
  ],
  [
    'an absurdly low log-prob',
    P,
    { pairs: [pair({ chosen_logps: -1e200 })] },
    'out_of_range',
    '/pairs/0/chosen_logps',
  ],
  [
    'unequal token lists',
    P,
    { pairs: [pair({ chosen_logps: [-1, -2], ref_chosen_logps: [-1] })] },
    'token_counts_differ',
    '/pairs/0/chosen_logps',
  ],
  [
    'a wrong token count',
    P,
    { pairs: [pair({ chosen_logps: [-1, -2], chosen_tokens: 3 })] },
    'token_counts_differ',
    '/pairs/0/chosen_tokens',
  ],
  [
    'half a token',
    P,
    { pairs: [pair({ chosen_tokens: 2.5 })] },
    'out_of_range',
    '/pairs/0/chosen_tokens',
  ],
  [
    'a token count above 32 bits',
    P,
    { pairs: [pair({ chosen_tokens: 2 ** 31, rejected_tokens: 3 })], loss: 'ipo' },
    'out_of_range',
    '/pairs/0/chosen_tokens',
  ],
  [
    'several choices',
    P,
    { pairs: [pair({ chosen_logps: { choices: [{}, {}] } })] },
    'invalid_value',
    '/pairs/0/chosen_logps/choices',
  ],
  [
    'a response without log-probs',
    P,
    { pairs: [pair({ chosen_logps: { choices: [{ logprobs: null }] } })] },
    'missing_token',
    '/pairs/0/chosen_logps/choices/0',
  ],
  [
    'vLLM without the start',
    P,
    { pairs: [pair({ chosen_logps: vllm })] },
    'missing_field',
    '/pairs/0/chosen_logps',
  ],
  [
    'vLLM without the actual token ids',
    P,
    { pairs: [pair({ chosen_logps: { ...vllm, completion_start: 1 } })] },
    'missing_token',
    '/pairs/0/chosen_logps/prompt_logprobs/1',
  ],
  [
    'vLLM without the actual token',
    P,
    { pairs: [pair({ chosen_logps: { ...vllm, completion_start: 1, prompt_token_ids: [5, 3] } })] },
    'missing_token',
    '/pairs/0/chosen_logps/prompt_logprobs/1',
  ],
  [
    'vLLM with fewer ids than tokens',
    P,
    { pairs: [pair({ chosen_logps: { ...vllm, completion_start: 1, prompt_token_ids: [5] } })] },
    'token_counts_differ',
    '/pairs/0/chosen_logps/prompt_token_ids',
  ],
  [
    'an echo without the start',
    P,
    { pairs: [pair({ chosen_logps: { token_logprobs: [null, -1] } })] },
    'missing_field',
    '/pairs/0/chosen_logps',
  ],
  [
    'prompt_id in some pairs',
    P,
    { pairs: [pair({ prompt_id: 1 }), pair()] },
    'missing_field',
    '/pairs/1',
  ],
  [
    'prompt_id as a list',
    P,
    { pairs: [pair({ prompt_id: [1] })] },
    'invalid_type',
    '/pairs/0/prompt_id',
  ],
  [
    'columns of unequal length',
    P,
    { pairs: { chosen_logps: [-1], rejected_logps: [-1, -2] } },
    'unequal_rows',
    '/pairs/rejected_logps',
  ],
  [
    'columns that are numbers',
    P,
    { pairs: { chosen_logps: [-1], rejected_logps: -2 } },
    'invalid_type',
    '/pairs/rejected_logps',
  ],
  [
    'too many pairs',
    P,
    { pairs: Array.from({ length: 51 }, () => pair()) },
    'too_many_pairs',
    '/pairs',
  ],
  ['β 0', P, { pairs: [pair()], beta: 0 }, 'out_of_range', '/beta'],
  ['β 1e-7', P, { pairs: [pair()], beta: 1e-7 }, 'out_of_range', '/beta'],
  ['β −1', P, { pairs: [pair()], beta: -1 }, 'out_of_range', '/beta'],
  ['β infinite', P, `{"pairs":[${JSON.stringify(pair())}],"beta":1e999}`, 'invalid_type', '/beta'],
  ['β in quotes', P, { pairs: [pair()], beta: '0.1' }, 'invalid_type', '/beta'],
  ['an unknown loss', P, { pairs: [pair()], loss: 'kto' }, 'invalid_value', '/loss'],
  [
    'label smoothing for another loss',
    P,
    { pairs: [pair()], label_smoothing: 0.1 },
    'invalid_value',
    '/label_smoothing',
  ],
  ['ipo without tokens', P, { pairs: [pair()], loss: 'ipo' }, 'missing_field', '/pairs'],
  [
    'per_pair for too many pairs',
    P,
    { pairs: Array.from({ length: 21 }, () => pair()), per_pair: true },
    'too_many_rows',
    '/per_pair',
  ],
  ['an unknown option', P, { pairs: [pair()], Beta: 1 }, 'unknown_field', '/Beta'],
  ['no prompts', D, {}, 'missing_field', '/prompts'],
  ['prompts and rows', D, { prompts: [], rows: [] }, 'unknown_field', '/rows'],
  ['an empty list of prompts', D, { prompts: [] }, 'empty_samples', '/prompts'],
  ['one candidate', D, prompts(candidate()), 'too_few_candidates', '/prompts/0'],
  ['no candidates', D, prompts(), 'too_few_candidates', '/prompts/0'],
  [
    'candidates that disagree',
    D,
    prompts(candidate({ id: 'a' }), candidate({ id: 'a', ref_logp: -5 })),
    'candidates_disagree',
    '/prompts/0/candidates/1',
  ],
  [
    'candidates that disagree on tokens',
    D,
    prompts(candidate({ id: 'a', tokens: 3 }), candidate({ id: 'a', tokens: 4 })),
    'candidates_disagree',
    '/prompts/0/candidates/1',
  ],
  ['pairs where candidates belong', D, { pairs: [pair()] }, 'unknown_field', '/pairs'],
  ['candidates where pairs belong', P, prompts(candidate()), 'unknown_field', '/prompts'],
  ['an empty list of rows', D, { rows: [] }, 'empty_samples', '/rows'],
  [
    'a single candidate that appears twice',
    D,
    prompts(candidate({ id: 'a' }), candidate({ id: 'a' })),
    'too_few_candidates',
    '/prompts/0',
  ],
  [
    'an unknown field of a candidate',
    D,
    prompts(candidate({ logp: 1 }), candidate()),
    'unknown_field',
    '/prompts/0/candidates/0/logp',
  ],
  [
    'two prompts with one id',
    D,
    {
      prompts: [prompts(candidate(), candidate()), prompts(candidate(), candidate())].flatMap(
        (p) => p.prompts,
      ),
    },
    'invalid_value',
    '/prompts/1/id',
  ],
  ['rows without prompt_id', D, { rows: [candidate()] }, 'missing_field', '/rows/0/prompt_id'],
  [
    'a positive candidate',
    D,
    prompts(candidate({ ref_logp: 1 }), candidate()),
    'positive_log_prob',
    '/prompts/0/candidates/0/ref_logp',
  ],
  [
    'no proposal',
    E,
    { prompts: [{ samples: [candidate(), candidate()] }] },
    'missing_field',
    '/proposal',
  ],
  [
    'an unknown proposal',
    E,
    { proposal: 'both', prompts: [{ samples: [candidate(), candidate()] }] },
    'invalid_value',
    '/proposal',
  ],
  [
    'a support that does not sum to 1',
    E,
    { proposal: 'support', prompts: [{ samples: [candidate(), candidate({ id: 'b' })] }] },
    'incomplete_support',
    '/prompts/0',
  ],
  [
    'draws 1001',
    '/did/rejected',
    { ...prompts(candidate(), candidate()), draws: 1001 },
    'out_of_range',
    '/draws',
  ],
  ['nothing to test', '/did/power-law', {}, 'missing_field', '/pairs'],
  [
    'candidates without π_l',
    '/did/power-law',
    prompts(candidate(), candidate()),
    'missing_field',
    '/prompts',
  ],
  [
    'no features',
    '/did/sufficiency',
    { pairs: Array.from({ length: 12 }, () => pair()) },
    'missing_field',
    '/pairs/0/features',
  ],
  [
    'a feature in some pairs',
    '/did/sufficiency',
    { pairs: [pair({ features: { a: 1 } }), pair({ features: {} })] },
    'missing_field',
    '/pairs/1',
  ],
  [
    'a feature that the first pair lacks',
    '/did/sufficiency',
    { pairs: [pair({ features: { a: 1 } }), pair({ features: { a: 1, b: 1 } })] },
    'unknown_field',
    '/pairs/1/features/b',
  ],
  [
    'a feature that is a string',
    '/did/sufficiency',
    { pairs: [pair({ features: { a: 'long' } })] },
    'not_a_number',
    '/pairs/0/features/a',
  ],
  [
    'too many features',
    '/did/sufficiency',
    { pairs: Array.from({ length: 12 }, () => pair({ features: { a: 1, b: 2, c: 3 } })) },
    'too_many_columns',
    '/pairs/0/features',
  ],
  [
    'too few pairs',
    '/did/sufficiency',
    { pairs: [pair({ features: { a: 1 } })] },
    'too_few_rows',
    '/pairs',
  ],
];

describe('refuses with 400 and a pointer', () => {
  it.each(cases)('%s', async (_name, path, body, code, pointer) => {
    const answer = await service.post<Problem>(body, undefined, path);
    expect(answer.body).toMatchObject({ code, status: 400 });
    expect(answer.body.pointer).toBe(pointer);
    expect(answer.status).toBe(400);
  });

  it('an unknown model, with 404', async () => {
    const list = Array.from({ length: 12 }, (_, i) => pair({ features: { a: i } }));
    const answer = await service.post<Problem>(
      { pairs: list, model: 'x' },
      undefined,
      '/did/sufficiency',
    );
    expect(answer.body).toMatchObject({ code: 'unknown_model', pointer: '/model', status: 404 });
  });

  it('options in the query string of a JSON request', async () => {
    const answer = await service.post<Problem>({ pairs: [pair()] }, undefined, `${P}?beta=1`);
    expect(answer.body).toMatchObject({ code: 'unknown_field', pointer: '/beta' });
  });
});

const HEAD = 'chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps';
const ROW = '-10,-12,-11,-11.5';
type StreamCase = [
  name: string,
  headers: object,
  text: string | Uint8Array,
  status: number,
  code: string,
  words: string,
];

const streams: StreamCase[] = [
  ['an empty CSV', CSV, '', 400, 'invalid_csv', 'no header'],
  ['a CSV of only a header', CSV, HEAD, 400, 'empty_samples', 'no pairs'],
  [
    'a CSV without a column',
    CSV,
    'chosen_logps\n-1',
    400,
    'missing_field',
    'no column rejected_logps',
  ],
  [
    'a CSV with a repeated column',
    CSV,
    `${HEAD},x,x\n${ROW},1,2`,
    400,
    'invalid_csv',
    '"x" appears twice',
  ],
  [
    'a ragged CSV',
    CSV,
    `${HEAD}\n${ROW}\n-1`,
    400,
    'invalid_csv',
    'Line 3: The row has 1 cell; the header has 4.',
  ],
  [
    'a CSV with text instead of a number',
    CSV,
    `${HEAD}\n-1,-2,-3,x`,
    400,
    'not_a_number',
    'Line 2',
  ],
  ['a CSV with an empty cell', CSV, `${HEAD}\n-1,-2,,-3`, 400, 'missing_field', 'Line 2'],
  [
    'a CSV with a prompt without a name',
    CSV,
    `prompt_id,${HEAD}\na,${ROW}\n,${ROW}`,
    400,
    'missing_field',
    'Line 3',
  ],
  ['a CSV with nan', CSV, `${HEAD}\n-1,-2,nan,-3`, 400, 'not_a_number', 'Line 2'],
  ['a CSV with -Infinity', CSV, `${HEAD}\n-1,-Infinity,-2,-3`, 400, 'zero_probability', 'Line 2'],
  ['a CSV with -inf', CSV, `${HEAD}\n-1,-2,-inf,-3`, 400, 'zero_probability', 'Line 2'],
  ['a CSV with a stray quote', CSV, `${HEAD}\n-1,-2,-"3",-3`, 400, 'invalid_csv', 'Line 2'],
  [
    'a CSV with an open quote',
    CSV,
    `${HEAD}\n"-1,-2,-3,-3\n${ROW}`,
    400,
    'invalid_csv',
    'never closed',
  ],
  ['NDJSON of arrays', NDJSON, '[1]', 400, 'invalid_type', 'Line 1'],
  [
    'NDJSON cut short',
    NDJSON,
    `${JSON.stringify(pair())}\n{"chosen`,
    400,
    'invalid_json',
    'Line 2',
  ],
  ['bytes that are not UTF-8', NDJSON, new Uint8Array([0x7b, 0xff]), 400, 'invalid_utf8', 'UTF-8'],
  ['a line over the limit', NDJSON, `{"x":"${'a'.repeat(20_100)}`, 413, 'body_too_large', 'Line 1'],
  [
    'a stream over the limit',
    CSV,
    `${HEAD}\n${'\n'.repeat(30_001)}`,
    413,
    'body_too_large',
    'MAX_STREAM_BYTES',
  ],
  [
    'too many rows',
    CSV,
    `${HEAD}\n${`${ROW}\n`.repeat(51)}`,
    400,
    'too_many_pairs',
    'more than 50',
  ],
];

describe('refuses a stream of', () => {
  it.each(streams)('%s', async (_name, headers, text, status, code, words) => {
    const answer = await service.post<Problem>(text, headers as Record<string, string>, P);
    expect(answer.body).toMatchObject({ code, status });
    expect(answer.body.detail).toContain(words);
  });

  it('options that are not numbers, or unknown', async () => {
    const text = `${HEAD}\n${ROW}`;
    const wrong = await service.post<Problem>(text, CSV, `${P}?beta=high`);
    expect(wrong.body).toMatchObject({ code: 'invalid_type', pointer: '/beta' });
    for (const beta of ['Infinity', '-Infinity', '1e999']) {
      const infinite = await service.post<Problem>(text, CSV, `${P}?beta=${beta}`);
      expect(infinite.body).toMatchObject({ code: 'out_of_range', pointer: '/beta' });
    }
    const unknown = await service.post<Problem>(text, CSV, `${P}?betas=1`);
    expect(unknown.body).toMatchObject({ code: 'unknown_field', pointer: '/betas' });
  });

  it('rows on a route that accepts only JSON', async () => {
    const answer = await service.post<Problem>('a\n1', CSV, D);
    expect(answer.body.code).toBe('unsupported_media_type');
  });
});
