import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/formats/registry.js';
import type { Problem } from '../../src/http/problem-schema.js';
import { gaussian, normals } from '../data.js';
import { simulatedPairs } from '../routes/did/simulated-pairs.js';
import { sharedService } from '../service.js';

const service = sharedService();

const lines = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const normal = normals(1);
const table = lines(Array.from({ length: 20 }, () => ({ x: normal(), y: normal() })));
const pairs = lines(simulatedPairs(40, () => 0));

/** Routes that take lines of JSON, each with such a body. */
const ROUTES: [path: string, body: string][] = [
  ['/estimate', table],
  ['/estimate/batch', lines([gaussian(1, 20, 1, 0.5), gaussian(2, 20, 1, 0.5)])],
  ['/estimate/pairwise?permutations=0', table],
  ['/did/pairs', pairs],
  ['/did/power-law', pairs],
  ['/did/sufficiency?resamples=0', pairs],
];

const NAMES = [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
];

/** A reply without what differs from one request to the next. */
function lasting(body: unknown): unknown {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const { timing: _1, id: _2, ...rest } = JSON.parse(line);
      return rest;
    });
}

describe.each(ROUTES)('%s', (path, body) => {
  const answer = (type: string) => service.post<unknown>(body, { 'content-type': type }, path);

  it('takes lines of JSON under each of their five names, to the same answer', async () => {
    const answers = await Promise.all(NAMES.map(answer));
    expect(answers.map(({ status }) => status)).toEqual(NAMES.map(() => 200));
    const [first, ...others] = answers.map((one) => lasting(one.body));
    for (const other of others) expect(other).toEqual(first);
    expect(JSON.stringify(first)).not.toContain('urn:mistd:problem');
  });

  it('takes a name in upper case, with a charset', async () => {
    const { status, body } = await answer('Application/X-NDJSON; charset=UTF-8');
    expect(status, JSON.stringify(body)).toBe(200);
  });
});

it('the five names are those of the registry', () => {
  expect([...FORMATS.ndjson.mediaTypes].sort()).toEqual([...NAMES].sort());
});

it.each(NAMES)('%s is refused where a route takes JSON alone', async (type) => {
  for (const path of ['/estimate/gradient', '/did/entropy', '/did/distribution', '/did/rejected']) {
    const { status, body } = await service.post<Problem>(table, { 'content-type': type }, path);
    expect([status, body.code], path).toEqual([415, 'unsupported_media_type']);
  }
});
