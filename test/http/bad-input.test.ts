import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem-schema.js';
import { gaussian } from '../data.js';
import { type ProblemAnswer, type Service, startService } from '../service.js';

const good = gaussian(1, 40, 1, 0.8);
const column = [1, 2, 3, 4];

let service: Service;
beforeAll(async () => {
  service = await startService({ MAX_BODY_BYTES: 20_000, MAX_ROWS: 100, MAX_DIM: 3 });
});
afterAll(() => service.close());

// The service keeps working after each refused request.
afterEach(async () => {
  expect((await service.post(good)).status).toBe(200);
});

/** Asserts a problem document: its code, its pointer, and words that its detail contains. */
function expectProblem(
  answer: ProblemAnswer,
  status: number,
  code: string,
  pointer: string | undefined,
  ...words: string[]
): void {
  expect(answer.body).toMatchObject({ code, status });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body.pointer).toBe(pointer);
  expect(answer.body.type).toBe(`urn:mistd:problem:${code}`);
  expect(answer.body.title).not.toBe('');
  expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  for (const word of words) expect(answer.body.detail).toContain(word);
}

const cases: [name: string, body: unknown, code: string, pointer: string, ...words: string[]][] = [
  ['not JSON', 'x=1&y=2', 'invalid_json', ''],
  ['an empty body', '', 'invalid_json', ''],
  ['JSON cut short', '{"x":[1,2', 'invalid_json', ''],
  ['a bare NaN', '{"x":[1,NaN],"y":[1,2]}', 'invalid_json', '', 'no NaN'],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 'invalid_json', '', 'UTF-8'],
  ['an array as the body', [[1, 2]], 'invalid_type', '', 'an array'],
  ['null as the body', 'null', 'invalid_type', '', 'null'],
  ['a missing x', { y: column }, 'missing_field', '/x'],
  ['a missing y', { x: column }, 'missing_field', '/y'],
  ['x as an object', { x: { a: 1 }, y: column }, 'invalid_type', '/x', 'an object'],
  ['x as a string', { x: '1,2', y: column }, 'invalid_type', '/x', 'the string "1,2"'],
  ['x as null', { x: null, y: column }, 'invalid_type', '/x'],
  ['unequal rows', { x: column, y: [1, 2, 3] }, 'unequal_rows', '/y', '4 rows', 'has 3'],
  ['ragged rows', { x: [[1, 2], [3]], y: [1, 2] }, 'ragged_rows', '/x/1', 'has 1', 'has 2'],
  ['a number among rows', { x: column, y: [[1], 2, 3, 4] }, 'invalid_type', '/y/1'],
  ['a row among numbers', { x: [1, [2]], y: [1, 2] }, 'not_a_number', '/x/1', 'an array'],
  ['no rows', { x: [], y: [] }, 'empty_samples', '/x'],
  ['no columns', { x: [[], []], y: [1, 2] }, 'empty_samples', '/x/0'],
  ['one row', { x: [1], y: [2] }, 'too_few_rows', '/x'],
  [
    'null among the samples',
    {
      x: [
        [1, 2],
        [3, null],
      ],
      y: [1, 2],
    },
    'missing_value',
    '/x/1/1',
    'drop_rows',
  ],
  ['"NaN" among the samples', { x: [1, 'NaN'], y: [1, 2] }, 'not_a_number', '/x/1', '"NaN"'],
  ['a number in quotes', { x: column, y: [1, 2, '3', 4] }, 'not_a_number', '/y/2', '"3"'],
  ['true among numbers', { x: [1, true], y: [1, 2] }, 'not_a_number', '/x/1', 'true'],
  ['a number among booleans', { x: [true, 1], y: [1, 2] }, 'not_a_number', '/x/1', 'booleans'],
  [
    'sample weights',
    { x: column, y: column, weights: column },
    'weights_not_supported',
    '/weights',
  ],
  [
    'only missing values',
    { x: [null, 1, null], y: [1, null, 2], missing: 'drop_rows' },
    'too_few_rows',
    '',
  ],
  [
    'too many categories',
    {
      x: Array.from({ length: 70 }, (_, r) => `row ${r}`),
      y: Array.from({ length: 70 }, (_, r) => r),
    },
    'too_many_categories',
    '/x',
    '70 categories',
  ],
  [
    'an unknown category',
    { x: column, y: column, categorical: ['z'] },
    'unknown_column',
    '/categorical/0',
    'x0, y0',
  ],
  ['an unknown rule', { x: column, y: column, missing: 'impute' }, 'invalid_value', '/missing'],
  ['1e999', '{"x":[[1],[2],[3],[-1e999]],"y":[1,2,3,4]}', 'not_finite', '/x/3/0', 'too large'],
  [
    'rows nested too deeply',
    { x: [[[1]], [[2]]], y: [1, 2] },
    'not_a_number',
    '/x/0/0',
    'an array',
  ],
  ['9,000 nested arrays', '['.repeat(9_000) + ']'.repeat(9_000), 'invalid_type', ''],
  ['too many rows', rowsOf(101, 1), 'too_many_rows', '/x', '101', 'the limit is 100'],
  ['too many columns', rowsOf(5, 4), 'too_many_columns', '/x/0', '4', 'the limit is 3'],
  [
    'an unknown field',
    { x: column, y: column, Z: 1 },
    'unknown_field',
    '/Z',
    '"Z"',
    'x, y, missing',
  ],
  [
    'a field name that needs escaping',
    { x: column, y: column, 'a/b~': 1 },
    'unknown_field',
    '/a~1b~0',
  ],
  ['__proto__', '{"x":[1,2],"y":[1,2],"__proto__":{"unit":"bits"}}', 'unknown_field', '/__proto__'],
  ['constructor', '{"x":[1,2],"y":[1,2],"constructor":1}', 'unknown_field', '/constructor'],
  [
    'tau 0',
    { x: column, y: column, quantiles: [0.5, 0] },
    'out_of_range',
    '/quantiles/1',
    'greater than 0',
  ],
  [
    'tau 1',
    { x: column, y: column, quantiles: [1] },
    'out_of_range',
    '/quantiles/0',
    'less than 1',
  ],
  [
    'tau in quotes',
    { x: column, y: column, quantiles: ['0.5'] },
    'invalid_type',
    '/quantiles/0',
    'number',
  ],
  ['quantiles as a number', { x: column, y: column, quantiles: 0.5 }, 'invalid_type', '/quantiles'],
  ['level 1', { x: column, y: column, level: 1 }, 'out_of_range', '/level', 'less than 1'],
  ['level -0.1', { x: column, y: column, level: -0.1 }, 'out_of_range', '/level', 'greater than 0'],
  [
    'an unknown unit',
    { x: column, y: column, unit: 'hartleys' },
    'invalid_value',
    '/unit',
    'nats, bits',
  ],
  [
    'an id that is too long',
    { x: column, y: column, id: 'a'.repeat(201) },
    'out_of_range',
    '/id',
    '200',
  ],
  ['a number as the id', { x: column, y: column, id: 7 }, 'invalid_type', '/id', 'string'],
];

describe('POST /estimate refuses with 400', () => {
  it.each(cases)('%s', async (_name, body, code, pointer, ...words) => {
    expectProblem(await service.post<Problem>(body), 400, code, pointer, ...words);
  });

  it('an option in the query string of a JSON request', async () => {
    const answer = await service.post<Problem>(good, undefined, '/estimate?unit=bits');
    expectProblem(answer, 400, 'unknown_field', '/unit');
  });
});

describe('POST /estimate refuses', () => {
  it('a body above the size limit with 413', async () => {
    const answer = await service.post<Problem>(' '.repeat(20_001));
    expectProblem(answer, 413, 'body_too_large', undefined, '20000 bytes', 'MAX_BODY_BYTES');
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'nonsense'])(
    'the content type %s with 415',
    async (type) => {
      const answer = await service.post<Problem>('a,b\n1,2\n', { 'content-type': type });
      expectProblem(answer, 415, 'unsupported_media_type', undefined, 'application/json');
    },
  );

  it('a compressed body with 415', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const answer = await service.post<Problem>(good, headers);
    expectProblem(answer, 415, 'unsupported_encoding', undefined, 'gzip');
  });

  it('a request without a body with 415', async () => {
    const response = await fetch(`${service.url}/estimate`, { method: 'POST' });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      code: 'unsupported_media_type',
      detail: expect.stringContaining('content type is missing'),
    });
  });

  it('an unknown model with 404', async () => {
    const answer = await service.post<Problem>({ ...good, model: 'mist2' });
    expectProblem(answer, 404, 'unknown_model', '/model', '"mist2"', 'mist');
    const proto = await service.post<Problem>({ ...good, model: '__proto__' });
    expectProblem(proto, 404, 'unknown_model', '/model');
  });
});

describe('other routes', () => {
  it('answer 404 for an unknown path', async () => {
    const answer = await service.get<Problem>('/estimates');
    expectProblem(answer, 404, 'not_found', undefined, 'GET /estimates', '/docs');
  });

  it('answer 405 for a wrong method and name the allowed methods', async () => {
    const answer = await service.get<Problem>('/estimate');
    expectProblem(answer, 405, 'method_not_allowed', undefined, 'GET /estimate');
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('answer 400 for a path that cannot be decoded', async () => {
    expectProblem(await service.get<Problem>('/models/%zz'), 400, 'bad_request', undefined);
  });
});

function rowsOf(rows: number, columns: number): { x: number[][]; y: number[] } {
  return {
    x: Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => r + c)),
    y: Array.from({ length: rows }, (_, r) => r),
  };
}
