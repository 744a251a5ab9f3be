// The processes that the benchmarks run next to each other.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/free-port.js';
import { ROOT } from '../scripts/root.js';
import { endProcess, type ServiceProcess, startService } from '../scripts/start-service.js';

/** Threads of mistd and of bare ONNX Runtime, processes of FastAPI. */
export const WORKERS = availableParallelism();

const MODEL = `${ROOT}models/mist`;
const RIVALS = `${ROOT}bench/rivals`;

const children: ChildProcess[] = [];

/** Sends a task to a process and waits for its answer. */
export type Ask<Task, Answer> = (task: Task) => Promise<Answer>;

/** Ends every process that was started here. */
export async function stopAll(): Promise<void> {
  await Promise.all(children.map(endProcess));
}

/** @param settings environment variables, in addition to the usual ones. */
export async function startMistd(settings: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await startService({ WORKERS: String(WORKERS), ...settings });
  children.push(service.child);
  return service;
}

/**
 * Starts a measuring process, which answers each message with one message.
 *
 * @param script compiled, relative to dist/bench.
 */
export function startMeasuring<Task extends object, Answer>(script: string): Ask<Task, Answer> {
  const env = { ...process.env, WORKERS: String(WORKERS) };
  const child = fork(new URL(script, import.meta.url), { env });
  const death = watch(child, script);
  return async (task) => {
    child.send(task);
    const [answer] = await Promise.race([once(child, 'message'), death]);
    return answer as Answer;
  };
}

/**
 * @param python with the rivals' packages.
 * @returns the URL to post to.
 */
export async function startFastApi(python: string): Promise<string> {
  const port = await freePort();
  const args = ['fastapi_service:app', '--app-dir', RIVALS, '--port', String(port)];
  const quiet = ['--workers', String(WORKERS), '--log-level', 'warning', '--no-access-log'];
  const child = spawn(python, ['-m', 'uvicorn', ...args, ...quiet], {
    // One thread per process, also in the linear algebra of NumPy.
    env: { ...process.env, MODEL, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    stdio: 'inherit',
  });
  await Promise.race([untilOk(`http://127.0.0.1:${port}/openapi.json`), watch(child, 'FastAPI')]);
  // The worker processes start one by one.
  await sleep(3000);
  return `http://127.0.0.1:${port}/estimate`;
}

/**
 * Starts a Python rival, which answers each line of JSON with one line of JSON.
 *
 * @param python with the rivals' packages.
 * @param script in bench/rivals.
 */
export function startRival<Task, Answer>(python: string, script: string): Ask<Task, Answer> {
  const child = spawn(python, [`${RIVALS}/${script}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const death = watch(child, script);
  const lines = createInterface({ input: child.stdout });
  return async (task) => {
    child.stdin.write(`${JSON.stringify(task)}\n`);
    const [line] = await Promise.race([once(lines, 'line'), death]);
    return JSON.parse(line) as Answer;
  };
}

async function untilOk(url: string): Promise<void> {
  while (!(await fetch(url).catch(() => undefined))?.ok) await sleep(100);
}

/** Remembers a process for stopAll; the promise rejects when the process ends. */
function watch(child: ChildProcess, name: string): Promise<never> {
  children.push(child);
  const death = once(child, 'exit').then(([code]): never => {
    throw new Error(`${name} ended with exit code ${code}`);
  });
  death.catch(() => {});
  return death;
}
