import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';
import { freePort } from '../scripts/free-port.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the service listens that test files share. */
    readonly serviceUrl: string;
  }
}

/** Defaults, but for a deadline that a busy machine meets; a test gives up soon after it. */
const SETTINGS = { WORKERS: '2', LOG_LEVEL: 'silent', REQUEST_TIMEOUT_MS: '110000' };

/** Starts one service for all test files that need no settings of their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const port = await freePort();
  const service = spawn(process.execPath, ['dist/src/server.js'], {
    env: { ...SETTINGS, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(service, `${url}/health/ready`);
  project.provide('serviceUrl', url);
  return async () => {
    if (service.exitCode !== null) throw new Error('The shared service ended during the tests.');
    service.kill();
    await once(service, 'exit');
  };
}

async function untilReady(service: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (service.exitCode !== null) throw new Error('The shared service did not start.');
    const status = await fetch(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
