// The processes that the bench runs beside each other.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../scripts/free-port.js';

/** @typedef {{ times: number[] } & import('./cases.js').Timing} Measured */
/** @typedef {(load: unknown) => Promise<Measured>} Ask */

/** Threads of mistd and of the bare runtime, processes of FastAPI. */
export const WORKERS = availableParallelism();

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MODEL = `${HERE}../models/mist`;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {ChildProcess[]} */
const children = [];

/** Ends every process started here. */
export async function stopAll() {
  await Promise.all(children.map(stopped));
}

/**
 * A measuring process that answers each message with one.
 *
 * @param {string} script
 * @returns {Ask}
 */
export function startMeasuring(script) {
  const child = fork(HERE + script, { env: { ...process.env, WORKERS: String(WORKERS) } });
  const death = watch(child, script);
  return async (load) => {
    child.send(/** @type {object} */ (load));
    const [answer] = await Promise.race([once(child, 'message'), death]);
    return answer;
  };
}

/**
 * @param {Record<string, string>} [settings] beside the usual ones.
 * @returns {Promise<{ url: string, pid: number }>}
 */
export async function startMistd(settings = {}) {
  const port = await freePort();
  const env = { PORT: String(port), WORKERS: String(WORKERS), LOG_LEVEL: 'warn', ...settings };
  const child = spawn(process.execPath, ['dist/server.js'], {
    cwd: `${HERE}..`,
    env: { ...process.env, ...env, HOST: '127.0.0.1' },
    stdio: 'inherit',
  });
  await Promise.race([untilOk(`http://127.0.0.1:${port}/health/ready`), watch(child, 'mistd')]);
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}

/**
 * @param {string} python with the rivals' packages.
 * @returns {Promise<string>} the URL to post to.
 */
export async function startFastApi(python) {
  const port = await freePort();
  const args = ['fastapi_service:app', '--app-dir', `${HERE}rivals`, '--port', String(port)];
  const quiet = ['--workers', String(WORKERS), '--log-level', 'warning', '--no-access-log'];
  const child = spawn(python, ['-m', 'uvicorn', ...args, ...quiet], {
    // One thread a process, also in the linear algebra of NumPy.
    env: { ...process.env, MODEL, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    stdio: 'inherit',
  });
  await Promise.race([untilOk(`http://127.0.0.1:${port}/openapi.json`), watch(child, 'FastAPI')]);
  // Its processes start one by one.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  return `http://127.0.0.1:${port}/estimate`;
}

/**
 * A rival that answers each line of JSON with one.
 *
 * @param {string} python with the rivals' packages.
 * @param {string} script of rivals/.
 * @returns {(task: unknown) => Promise<any>}
 */
export function startRival(python, script) {
  const child = spawn(python, [`${HERE}rivals/${script}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const death = watch(child, script);
  const lines = createInterface({ input: child.stdout });
  return async (/** @type {unknown} */ task) => {
    child.stdin.write(`${JSON.stringify(task)}\n`);
    const [line] = await Promise.race([once(lines, 'line'), death]);
    return JSON.parse(line);
  };
}

/** @param {string} url */
async function untilOk(url) {
  while (!(await fetch(url).catch(() => undefined))?.ok) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Keeps a process to be stopped in the end, and tells of an end that came before.
 *
 * @param {ChildProcess} child
 * @param {string} name
 * @returns {Promise<never>}
 */
function watch(child, name) {
  children.push(child);
  const death = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code}`);
  });
  death.catch(() => {});
  return death;
}

/** @param {ChildProcess} child */
async function stopped(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
