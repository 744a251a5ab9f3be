// Runs the built service in a separate process, for the demo and the benchmarks.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { ROOT } from './root.js';

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
}

/**
 * Starts the service on a free port, as `npm start` does, and waits until it is ready.
 *
 * @param settings environment variables, in addition to the caller's own.
 * @throws Error when the service ends or a model fails to load.
 */
export async function startService(settings: Record<string, string> = {}): Promise<ServiceProcess> {
  const port = await freePort();
  const address = { HOST: '127.0.0.1', PORT: String(port) };
  const child = spawn(process.execPath, ['dist/src/server.js'], {
    cwd: ROOT,
    env: { ...process.env, LOG_LEVEL: 'warn', ...settings, ...address },
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const reply = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (reply?.ok) return { url, child };
    const { reasons } = ((await reply?.json()) as { reasons: string[] } | undefined) ?? {
      reasons: [],
    };
    const failure = reasons.find((reason) => reason !== 'models are loading');
    if (failure !== undefined || hasEnded(child)) {
      await endProcess(child);
      throw new Error(`The service did not start: ${failure ?? `exit code ${child.exitCode}`}`);
    }
    await sleep(50);
  }
}

/** Asks a process to stop and waits until it has. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
