import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/http/problem-schema.js';
import type { EstimateReply } from '../../../src/routes/estimate/schema.js';
import { gaussian, mixed } from '../../data.js';
import { type Service, sharedService, startService } from '../../service.js';

type Line = { index: number } & EstimateReply & Problem;

let service: Service;
beforeAll(async () => {
  service = await startService({ MAX_BODY_BYTES: 60_000 });
});
afterAll(() => service.close());

const NDJSON = { 'content-type': 'application/x-ndjson' };

async function batch(lines: readonly (object | string)[], query = ''): Promise<Line[]> {
  const body = lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n');
  const response = await fetch(`${service.url}/estimate/batch${query}`, {
    method: 'POST',
    headers: NDJSON,
    body,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  return parse(await response.text());
}

function parse(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Opens a request that sends lines one by one and reads the replies as they arrive. */
function open(url: string) {
  const sent = request(`${url}/estimate/batch`, { method: 'POST', headers: NDJSON });
  const reply = once(sent, 'response').then(([message]) =>
    createInterface({ input: message })[Symbol.asyncIterator](),
  );
  return {
    send: (line: object) => sent.write(`${JSON.stringify(line)}\n`),
    end: () => sent.end(),
    next: async (): Promise<Line | undefined> => {
      const { value, done } = await (await reply).next();
      return done ? undefined : JSON.parse(value);
    },
  };
}

describe('POST /estimate/batch', () => {
  it('answers each line as /estimate does, in the order of the lines', async () => {
    const sets = Array.from({ length: 30 }, (_, i) => ({
      ...mixed(i, 30 + 11 * (i % 4), 1 + (i % 3), 1),
      unit: i % 2 === 0 ? 'bits' : 'nats',
      ...(i === 3 ? { id: 'third' } : {}),
    }));
    const replies = await batch(sets);
    expect(replies.map(({ index }) => index)).toEqual(sets.map((_, i) => i));
    for (const i of [0, 3, 17, 29]) {
      const { body: alone } = await service.post(sets[i]);
      const reply = replies[i] as Line;
      expect(reply.estimate).toBe(alone.estimate);
      expect(reply.interval.upper).toBe(alone.interval.upper);
      expect(reply).toMatchObject({ unit: alone.unit, samples: alone.samples, model: alone.model });
    }
    expect(replies[3]?.id).toBe('third');
    expect(new Set(replies.map(({ id }) => id)).size).toBe(30);
  });

  it('lets one bad line fail alone, with its own problem', async () => {
    const good = gaussian(1, 40, 1, 0.5);
    const replies = await batch([
      good,
      '{"x":[1,2],"y":[1,null]}',
      'not JSON',
      { ...good, model: 'none' },
      '',
      '   ',
      { ...good, x: 'a'.repeat(70_000) },
      good,
      '[]',
    ]);
    expect(replies.map(({ index, code, pointer }) => [index, code, pointer])).toEqual([
      [0, undefined, undefined],
      [1, 'missing_value', '/y/1'],
      [2, 'invalid_json', ''],
      [3, 'unknown_model', '/model'],
      [4, 'body_too_large', undefined],
      [5, undefined, undefined],
      [6, 'invalid_type', ''],
    ]);
    expect(replies[5]?.estimate).toBe(replies[0]?.estimate as number);
    expect(replies[1]).toMatchObject({ status: 400, type: 'urn:mistd:problem:missing_value' });
  });

  it('answers each line once in order of completion', async () => {
    const heavy = mixed(2, 1500, 4, 4);
    const sets = [heavy, ...Array.from({ length: 80 }, (_, i) => gaussian(i, 30, 1, 0.3))];
    const response = await fetch(`${sharedService().url}/estimate/batch?order=completion`, {
      method: 'POST',
      headers: NDJSON,
      body: sets.map((set) => JSON.stringify(set)).join('\n'),
    });
    const indices = parse(await response.text()).map(({ index }) => index);
    expect([...indices].sort((a, b) => a - b)).toEqual(sets.map((_, i) => i));
  });

  it('replies while lines are still being sent', async () => {
    const client = open(service.url);
    for (let i = 0; i < 3; i++) {
      client.send(gaussian(i, 30, 1, 0.5));
      expect((await client.next())?.index).toBe(i);
    }
    client.end();
    expect(await client.next()).toBeUndefined();
  });

  it('at the deadline, answers the lines it has read and states where it stopped', async () => {
    const hasty = await startService({ REQUEST_TIMEOUT_MS: 1500 });
    const client = open(hasty.url);
    client.send(gaussian(1, 30, 1, 0.5));
    expect((await client.next())?.index).toBe(0);
    expect(await client.next()).toMatchObject({ index: 1, code: 'deadline_exceeded' });
    expect(await client.next()).toBeUndefined();
    expect((await hasty.post(gaussian(1, 30, 1, 0.5))).status).toBe(200);
    await hasty.close();
  });

  it('survives a client that disconnects in the middle of a line', async () => {
    const sent = request(`${service.url}/estimate/batch`, { method: 'POST', headers: NDJSON });
    sent.on('error', () => undefined);
    sent.write(`${JSON.stringify(gaussian(1, 30, 1, 0.5))}\n{"x":[1,2`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    sent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await batch([gaussian(2, 30, 1, 0.5)])).length).toBe(1);
  });

  it('answers blank lines with an empty reply', async () => {
    const response = await fetch(`${service.url}/estimate/batch`, {
      method: 'POST',
      headers: NDJSON,
      body: '\n\n',
    });
    expect(await response.text()).toBe('');
  });

  it('refuses other content types and orders', async () => {
    const json = await service.post<Problem>({}, undefined, '/estimate/batch');
    expect(json.body).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    const order = await service.post<Problem>('', NDJSON, '/estimate/batch?order=random');
    expect(order.body).toMatchObject({ status: 400, code: 'invalid_value', pointer: '/order' });
    const elsewhere = await service.post<Problem>('{}', NDJSON, '/estimate/gradient');
    expect(elsewhere.status).toBe(415);
  });
});
