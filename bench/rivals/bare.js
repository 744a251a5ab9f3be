// ONNX Runtime and nothing else: the tensors that the service makes of the samples, run over and
// over in threads of this process, each with a session of its own.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { InferenceSession } from 'onnxruntime-node';
import { makeSamples, timing } from '../cases.js';

/** @typedef {{ shape: import('../cases.js').Shape, concurrency: number, seconds: number }} Load */

const MODEL = new URL('../../models/mist/', import.meta.url);
const DIST = new URL('../../dist/', import.meta.url);

if (isMainThread) {
  const threads = Array.from(
    { length: Number(process.env.WORKERS) },
    () => new Worker(new URL(import.meta.url)),
  );
  process.on('message', async (/** @type {Load} */ load) => {
    const busy = threads.slice(0, load.concurrency);
    const start = performance.now();
    for (const thread of busy) thread.postMessage(load);
    const times = (await Promise.all(busy.map((thread) => once(thread, 'message')))).flat(2);
    process.send?.({ times, ...timing(times, (performance.now() - start) / 1000) });
  });
} else {
  const { runTask } = await import(`${DIST}inference/estimate-task.js`);
  const { SESSION_OPTIONS, toTensor } = await import(`${DIST}inference/session.js`);
  const manifest = JSON.parse(await readFile(new URL('manifest.json', MODEL), 'utf8'));
  const bytes = await readFile(new URL('model.onnx', MODEL));
  const session = await InferenceSession.create(bytes, SESSION_OPTIONS);
  const feeds = new Map();

  parentPort?.on('message', async (/** @type {Load} */ { shape, seconds }) => {
    const key = JSON.stringify(shape);
    if (!feeds.has(key)) feeds.set(key, await feedsOf(shape));
    const runs = feeds.get(key);
    const times = [];
    const end = performance.now() + seconds * 1000;
    do {
      const began = performance.now();
      for (const feed of runs) await session.run(feed);
      times.push(performance.now() - began);
    } while (performance.now() < end);
    parentPort?.postMessage(times);
  });

  /**
   * What the service would run for one request: recorded from its own code.
   *
   * @param {import('../cases.js').Shape} shape
   */
  async function feedsOf(shape) {
    const { x, y } = makeSamples(shape, 0);
    /** @type {Record<string, import('onnxruntime-node').Tensor>[]} */
    const recorded = [];
    const recorder = {
      manifest,
      run: async (/** @type {readonly { x: unknown, y: unknown }[]} */ batch) => {
        recorded.push({
          [manifest.inputs[0]]: toTensor(batch.map((pair) => pair.x)),
          [manifest.inputs[1]]: toTensor(batch.map((pair) => pair.y)),
        });
        return batch.map(() => new Float64Array(manifest.taus.length));
      },
    };
    await runTask(recorder, [{ x: columns(x), y: columns(y) }], () => false);
    return recorded;
  }
}

/** @param {number[][]} rows */
function columns(rows) {
  const width = rows[0]?.length ?? 0;
  const values = Float64Array.from(
    { length: rows.length * width },
    (_, i) => /** @type {number} */ (rows[i % rows.length]?.[Math.floor(i / rows.length)]),
  );
  return { rows: rows.length, columns: width, values };
}
