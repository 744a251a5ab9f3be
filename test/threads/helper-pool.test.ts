import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { classicalAnswer } from '../../src/classical/classical.js';
import { secondOpinion } from '../../src/classical/second-opinion.js';
import { readSufficiencyBody } from '../../src/routes/did/sufficiency/body.js';
import { HelperPool } from '../../src/threads/helper-pool.js';
import { gaussian, samplesOf } from '../data.js';

const entry = pathToFileURL('dist/src/helper-thread.js');
const open = () => new AbortController().signal;

/** A thread for all tests that need no full queue: it takes a second to start. */
const pool = new HelperPool({ entry, threads: 1, queueLimit: 8 });
afterAll(() => pool.close());

const { x, y } = gaussian(1, 200, 1, 0.8);
const samples = samplesOf(x, y);
const didBody = (body: string) => Uint8Array.from(Buffer.from(body));

/** Minutes of work, which a test ends. */
const endless = (signal: AbortSignal, on = pool) => {
  const bootstrap = { resamples: 1e7, level: 0.9 };
  const options = { methods: ['ksg1'] as const, k: 3, bootstrap, seed: 1 };
  return on.run(classicalAnswer, [samples, options], signal);
};

/** A function that is known by this name alone. */
const named = (name: string) => Object.defineProperty(() => undefined, 'name', { value: name });

describe('a call of a helper thread', () => {
  it('returns what the function returns here', async () => {
    const there = await pool.run(secondOpinion, [samples], open());
    expect(there).toEqual(secondOpinion(samples));
    expect(there.nats).toBeGreaterThan(0.3);
  });

  it('rejects with the code and the pointer of an error', async () => {
    const body = '{"pairs":[{"chosen_logps":1}]}';
    await expect(pool.run(readSufficiencyBody, [didBody(body), 10], open())).rejects.toMatchObject({
      name: 'MistdError',
      code: 'positive_log_prob',
      details: { pointer: '/pairs/0/chosen_logps' },
    });
  });

  it('moves the memory that it is given', async () => {
    const bytes = didBody('{"prompts":[]}');
    const run = pool.run(readSufficiencyBody, [bytes, 10], open(), [bytes.buffer]);
    await expect(run).rejects.toMatchObject({ code: 'unknown_field' });
    expect(bytes.byteLength).toBe(0);
  });

  it('fails by name when no thread offers the function', async () => {
    await expect(pool.run(named('nobody'), [], open())).rejects.toThrow(/nobody/);
  });

  it('ends when it is aborted, and the pool goes on', async () => {
    const controller = new AbortController();
    const reason = new Error('gone');
    const running = endless(controller.signal);
    setTimeout(() => controller.abort(reason), 200);
    await expect(running).rejects.toBe(reason);
    expect((await pool.run(secondOpinion, [samples], open())).rows).toBe(200);
  });

  it.each([0, 1])('is refused once the thread is busy and %i wait', async (queueLimit) => {
    const full = new HelperPool({ entry, threads: 1, queueLimit });
    const controller = new AbortController();
    const running = Array.from({ length: 1 + queueLimit }, () => endless(controller.signal, full));
    expect(full.waiting).toBe(queueLimit);
    await expect(full.run(secondOpinion, [samples], open())).rejects.toMatchObject({
      code: 'queue_full',
      details: { retryAfterSeconds: 1 },
    });
    controller.abort(new Error('enough'));
    for (const run of running) await expect(run).rejects.toThrow('enough');
    expect((await full.run(secondOpinion, [samples], open())).rows).toBe(200);
    await full.close();
  });
});

describe('the functions of a helper thread', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join('src', path), 'utf8'));
  // The calls of src: helpers.run(work, …) and runSomewhere(helpers, work, …).
  const calls = /\b(?:helpers\.run\(|runSomewhere\(\s*(?:\w+\.)?helpers,)\s*(\w+)/g;
  const called = new Set(
    sources.flatMap((text) => [...text.matchAll(calls)].map(([, name]) => name)),
  );
  // The parameter of runSomewhere itself.
  called.delete('work');

  it('are all that src calls', async () => {
    expect(called.size).toBeGreaterThanOrEqual(7);
    for (const name of called) {
      const message = await pool.run(named(name as string), [], open()).then(
        () => '',
        (error: Error) => error.message,
      );
      expect(message, name).not.toMatch(/no helper thread offers/);
    }
  });
});
