/** Entry of a model thread: opens and warms up every model, then runs one task at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { TaskCancelled } from '../samples/shuffle.js';
import { runTask } from './estimate-task.js';
import type { FromThread, ModelFailure, Task, ThreadData, ToThread } from './protocol.js';
import { ModelSession } from './session.js';

if (parentPort === null) throw new Error('worker.js runs in a worker thread');
const port = parentPort;

const sessions = new Map<string, ModelSession>();
const failures: ModelFailure[] = [];
for (const { manifest, bytes } of (workerData as ThreadData).models) {
  try {
    const session = await ModelSession.open(manifest, bytes);
    await session.warmUp();
    sessions.set(manifest.id, session);
  } catch (error) {
    failures.push({ id: manifest.id, reason: `cannot run: ${(error as Error).message}` });
  }
}

// In order: a stop waits for the run before it.
let last = Promise.resolve();
port.on('message', (message: ToThread) => {
  last = last.then(() => handle(message));
});
send({ type: 'started', failures });

async function handle(message: ToThread): Promise<void> {
  if (message.type === 'stop') port.close();
  else send(await run(message.task, message.cancelled));
}

async function run(task: Task, cancelled: Int32Array): Promise<FromThread> {
  try {
    const session = sessions.get(task.model);
    if (session === undefined) throw new Error(`model ${task.model} is not loaded`);
    const isCancelled = () => Atomics.load(cancelled, 0) === 1;
    return { type: 'done', result: await runTask(session, task.problems, isCancelled) };
  } catch (error) {
    if (error instanceof TaskCancelled) return { type: 'cancelled' };
    return { type: 'failed', reason: (error as Error).message };
  }
}

function send(message: FromThread): void {
  port.postMessage(message);
}
