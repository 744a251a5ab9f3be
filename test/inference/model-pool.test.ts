import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Manifest } from '../../src/inference/manifest.js';
import { ModelPool } from '../../src/inference/model-pool.js';
import type { LoadedModel, Task } from '../../src/inference/protocol.js';

const THREAD = new URL('../../dist/test/inference/fixtures/thread.js', import.meta.url);

/** A task for the fixture thread, which behaves as the model's name says. */
function task(model: string, rows = 10): Task {
  const side = { rows, columns: 1, values: new Float64Array(rows) };
  return { model, questions: [{ x: side, y: side }] };
}

let pool: ModelPool;
const deaths: Error[] = [];

/** A model for the pool; the fixture thread does not open it. */
function model(id: string, batch_invariant: boolean): LoadedModel {
  return { manifest: { id, batch_invariant } as Manifest, bytes: new Uint8Array() };
}

async function start(threads: number, queueLimit: number): Promise<void> {
  deaths.length = 0;
  pool = new ModelPool({
    models: [model('count', true), model('die', true), model('count alone', false)],
    threads,
    queueLimit,
    entry: THREAD,
    onDeath: (error) => deaths.push(error),
  });
  await pool.start();
}
afterEach(() => pool.close());

const never = new AbortController().signal;

describe('ModelPool', () => {
  it('rejects the task of a thread that dies and replaces the thread', async () => {
    await start(1, 4);
    const dying = pool.run(task('die'), never);
    const waiting = pool.run(task('answer'), never);
    await expect(dying).rejects.toMatchObject({
      code: 'worker_died',
      details: { retryAfterSeconds: 1 },
    });
    expect(pool.threads).toBe(0);
    await expect(waiting).resolves.toMatchObject({ answers: [] });
    expect(deaths.map(({ message }) => message)).toEqual(['as asked']);
    expect(pool.threads).toBe(1);
  });

  it('rejects a failing task with model_failed and keeps the thread', async () => {
    await start(1, 4);
    await expect(pool.run(task('fail'), never)).rejects.toMatchObject({ code: 'model_failed' });
    await expect(pool.run(task('answer'), never)).resolves.toBeDefined();
    expect(deaths).toEqual([]);
  });

  it('removes a cancelled task from the queue', async () => {
    await start(1, 1);
    const running = pool.run(task('slow'), never);
    const abort = new AbortController();
    const waiting = pool.run(task('die'), abort.signal);
    expect(() => pool.run(task('answer'), never)).toThrow(/waiting requests: 1/);
    abort.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    await expect(pool.run(task('answer'), never)).resolves.toBeDefined();
    await running;
    expect(deaths).toEqual([]);
  });

  it('lets later tasks of an admitted request wait beyond the limit', async () => {
    await start(1, 0);
    const running = pool.run(task('slow'), never);
    expect(() => pool.run(task('answer'), never)).toThrow(/waiting requests: 0/);
    await expect(pool.run(task('answer'), never, true)).resolves.toBeDefined();
    await running;
  });

  it('rejects a cancelled running task at once and tells its thread', async () => {
    await start(1, 1);
    const abort = new AbortController();
    const running = pool.run(task('until cancelled'), abort.signal);
    setTimeout(() => abort.abort(new Error('given up')), 50);
    await expect(running).rejects.toThrow('given up');
    await expect(pool.run(task('answer'), never)).resolves.toBeDefined();
  });

  it('stops listening to a signal when its task ends', async () => {
    await start(1, 4);
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) await pool.run(task('answer'), signal);
    await expect(pool.run(task('fail'), signal)).rejects.toThrow();
    await expect(pool.run(task('die'), signal)).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('lets waiting tasks of one shape share a run if the model is batch-invariant', async () => {
    await start(1, 9);
    const together = async (model: string) => {
      const running = pool.run(task('slow'), never);
      const waiting = [10, 20, 10, 10, 5000, 5000].map((rows) =>
        pool.run(task(model, rows), never),
      );
      await running;
      return (await Promise.all(waiting)).map(({ inferenceMs }) => inferenceMs);
    };
    // Two tasks of 5,000 rows do not fit into one run.
    expect(await together('count')).toEqual([3, 1, 3, 3, 1, 1]);
    expect(await together('count alone')).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('leaves every thread its share of the waiting tasks', async () => {
    await start(2, 9);
    const running = [pool.run(task('slow'), never), pool.run(task('slow'), never)];
    const waiting = Array.from({ length: 6 }, () => pool.run(task('count'), never));
    await Promise.all(running);
    const together = (await Promise.all(waiting)).map(({ inferenceMs }) => inferenceMs);
    // Half of the waiting tasks, then half of the rest.
    expect(together).toEqual([3, 3, 3, 2, 2, 1]);
  });

  it('rejects every task of a shared run whose thread dies', async () => {
    await start(1, 9);
    const running = pool.run(task('slow'), never);
    const dying = [pool.run(task('die'), never), pool.run(task('die'), never)];
    const settled = Promise.allSettled(dying);
    await running;
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(deaths.length).toBe(1);
  });

  it('lets a running task finish when it closes', async () => {
    await start(1, 1);
    const running = pool.run(task('slow'), never);
    await pool.close();
    await expect(running).resolves.toBeDefined();
    expect(pool.threads).toBe(0);
    expect(deaths).toEqual([]);
  });

  it('closes while its threads die at their start', async () => {
    deaths.length = 0;
    const entry = new URL('data:text/javascript,throw new Error("at start")');
    pool = new ModelPool({
      models: [],
      threads: 1,
      queueLimit: 1,
      entry,
      onDeath: (error) => deaths.push(error),
    });
    const started = pool.start();
    await vi.waitUntil(() => deaths.length === 1, 5000);
    await pool.close();
    await expect(started).resolves.toEqual([]);
  });
});
