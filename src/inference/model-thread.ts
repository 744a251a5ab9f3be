/** Entry file of a model thread: opens and warms up every model, then runs one task at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { WorkCancelled } from '../samples/shuffle.js';
import { runTask } from './estimate-task.js';
import type {
  FromThread,
  ModelFailure,
  Outcome,
  SentTask,
  ThreadData,
  ToThread,
} from './protocol.js';
import { ModelSession } from './session.js';

if (parentPort === null) throw new Error('model-thread.js must run in a worker thread');
const port = parentPort;

const sessions = new Map<string, ModelSession>();
const failures: ModelFailure[] = [];
for (const { manifest, bytes, gradient } of (workerData as ThreadData).models) {
  try {
    const session = await ModelSession.open(manifest, bytes, gradient);
    await session.warmUp();
    sessions.set(manifest.id, session);
  } catch (error) {
    failures.push({ id: manifest.id, reason: `cannot run: ${(error as Error).message}` });
  }
}

// Messages are handled in order, so that a stop waits for the run before it.
let last = Promise.resolve();
port.on('message', (message: ToThread) => {
  last = last.then(() => handle(message));
});
send({ type: 'started', failures });

async function handle(message: ToThread): Promise<void> {
  if (message.type === 'stop') port.close();
  else send({ type: 'ran', outcomes: await run(message.tasks) });
}

/** Runs tasks of one model together, so that they share runs. */
async function run(tasks: readonly SentTask[]): Promise<Outcome[]> {
  try {
    const [first] = tasks as [SentTask];
    const session = sessions.get(first.model);
    if (session === undefined) throw new Error(`model ${first.model} is not loaded`);
    const allCancelled = () => tasks.every(({ cancelled }) => Atomics.load(cancelled, 0) === 1);
    const questions = tasks.flatMap((task) => task.questions);
    const { answers, ...times } = await runTask(session, questions, allCancelled);
    let end = 0;
    return tasks.map((task) => {
      const start = end;
      end += task.questions.length;
      return { type: 'done', result: { answers: answers.slice(start, end), ...times } };
    });
  } catch (error) {
    if (error instanceof WorkCancelled) return tasks.map(() => ({ type: 'cancelled' }));
    // Run the tasks one by one, so that the failure of one does not affect the others.
    if (tasks.length > 1) return (await Promise.all(tasks.map((task) => run([task])))).flat();
    return [{ type: 'failed', reason: (error as Error).message }];
  }
}

function send(message: FromThread): void {
  port.postMessage(message);
}
