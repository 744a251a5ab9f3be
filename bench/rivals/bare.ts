// ONNX Runtime alone: runs the tensors that the service makes of the samples, again and again, in
// threads of this process. Each thread has its own session.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isMainThread, type MessagePort, parentPort, Worker } from 'node:worker_threads';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { ROOT } from '../../scripts/root.js';
import { runTask } from '../../src/inference/estimate-task.js';
import type { Manifest } from '../../src/inference/manifest.js';
import {
  type ModelSession,
  type ScoredSamples,
  SESSION_OPTIONS,
  toTensor,
} from '../../src/inference/session.js';
import type { Matrix } from '../../src/maths/matrix.js';
import { makeSamples, type Shape } from '../shapes.js';
import { type Load, timing } from '../timing.js';

/** The inputs of one run of the model, by name. */
type Feed = Record<string, Tensor>;

const MODEL = `${ROOT}models/mist`;

if (isMainThread) answerLoads();
else await runLoads(parentPort as MessagePort);

/** Passes each load on to one thread per client, up to the number of workers. */
function answerLoads(): void {
  const threads = Array.from(
    { length: Number(process.env.WORKERS) },
    () => new Worker(new URL(import.meta.url)),
  );
  process.on('message', async (load: Load) => {
    const busy = threads.slice(0, load.concurrency);
    const start = performance.now();
    for (const thread of busy) thread.postMessage(load);
    const answers = await Promise.all(busy.map((thread) => once(thread, 'message')));
    const times = answers.flatMap(([ownTimes]) => ownTimes as number[]);
    process.send?.({ times, ...timing(times, (performance.now() - start) / 1000) });
  });
}

async function runLoads(port: MessagePort): Promise<void> {
  const manifest = JSON.parse(await readFile(`${MODEL}/manifest.json`, 'utf8')) as Manifest;
  const bytes = await readFile(`${MODEL}/model.onnx`);
  const session = await InferenceSession.create(bytes, SESSION_OPTIONS);
  const made = new Map<string, readonly Feed[]>();

  port.on('message', async ({ shape, seconds }: Load) => {
    const key = JSON.stringify(shape);
    const feeds = made.get(key) ?? (await feedsOf(shape, manifest));
    made.set(key, feeds);
    const times: number[] = [];
    const end = performance.now() + seconds * 1000;
    do {
      const began = performance.now();
      for (const feed of feeds) await session.run(feed);
      times.push(performance.now() - began);
    } while (performance.now() < end);
    port.postMessage(times);
  });
}

/** Records what the service's own code would run for one request. */
async function feedsOf(shape: Shape, manifest: Manifest): Promise<readonly Feed[]> {
  const { x, y } = makeSamples(shape, 0);
  const recorded: Feed[] = [];
  const recorder: Pick<ModelSession, 'manifest' | 'run'> = {
    manifest,
    run: async (batch: readonly ScoredSamples[]) => {
      const [nameX = '', nameY = ''] = manifest.inputs;
      recorded.push({
        [nameX]: toTensor(batch.map((pair) => pair.x)),
        [nameY]: toTensor(batch.map((pair) => pair.y)),
      });
      return batch.map(() => new Float64Array(manifest.taus.length));
    },
  };
  await runTask(recorder as ModelSession, [{ x: matrix(x), y: matrix(y) }], () => false);
  return recorded;
}

/** Rows of a request as the service holds them: column by column. */
function matrix(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const values = Float64Array.from(
    { length: rows.length * columns },
    (_, i) => rows[i % rows.length]?.[Math.floor(i / rows.length)] ?? Number.NaN,
  );
  return { rows: rows.length, columns, values };
}
