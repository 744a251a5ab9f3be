import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import type { Problem } from '../../src/http/problem-schema.js';
import { gaussian, mixed } from '../data.js';
import { type Service, startService } from '../service.js';

const small = gaussian(1, 60, 1, 0.6);
/** Six blocks of many columns: on one thread, they run long enough to test requests meanwhile. */
const heavy = mixed(2, 3_000, 32, 32);
/** As long on one thread, but read in the main thread: it does not wait for a helper thread. */
const tall = { x: digits(25_000), y: digits(25_000) };

describe('under load', () => {
  let service: Service;
  afterEach(() => service.close());

  it('gives each of many concurrent requests its own answer', async () => {
    service = await startService({ WORKERS: 2 });
    const samples = Array.from({ length: 24 }, (_, i) => mixed(i, 20 + 7 * i, 1 + (i % 3), 1));
    const alone = [];
    for (const sample of samples) alone.push((await service.post(sample)).body.estimate);
    const together = await Promise.all(samples.map((sample) => service.post(sample)));
    expect(together.map(({ body }) => body.estimate)).toEqual(alone);
  });

  it('keeps answering other routes while every thread runs a model', async () => {
    service = await startService({ WORKERS: 1 });
    const running = service.post(heavy);
    await until(() => service.get('/health/live'), 100);
    let slowest = 0;
    let done = false;
    void running.finally(() => {
      done = true;
    });
    while (!done) {
      const start = performance.now();
      expect((await service.get('/health/live')).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { status, body } = await running;
    expect(status).toBe(200);
    expect(slowest).toBeLessThan(body.timing.encode_ms + body.timing.inference_ms);
  });

  it('refuses with 503 and Retry-After when the queue is full, and answers the rest', async () => {
    service = await startService({ WORKERS: 1, QUEUE_LIMIT: 1 });
    const answers = await Promise.all([1, 2, 3, 4].map(() => service.post<Problem>(tall)));
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    for (const { body, headers } of refused) {
      expect(body.code).toBe('queue_full');
      expect(body.detail).toContain('waiting requests: 1');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect(answers.filter(({ status }) => status === 200).length).toBe(4 - refused.length);
    expect((await service.post(small)).status).toBe(200);
  });

  it('answers 504 at the deadline, and accepts requests again when the run has ended', async () => {
    service = await startService({ WORKERS: 1, REQUEST_TIMEOUT_MS: 150 });
    const answer = await service.post<Problem>(heavy);
    expect(answer.status, JSON.stringify(answer.body)).toBe(504);
    expect(answer.body.code).toBe('deadline_exceeded');
    expect(answer.body.detail).toContain('150 ms');
    await until(() => service.post(small), 60_000);
  });
});

describe('a model that cannot be used', () => {
  let models: string;
  let service: Service | undefined;
  beforeEach(async () => {
    models = await mkdtemp(join(tmpdir(), 'mistd-models-'));
    await cp('models/mist', join(models, 'mist'), { recursive: true });
  });
  afterEach(async () => {
    await service?.close();
    service = undefined;
    await rm(models, { recursive: true });
  });

  const notReady = async () => {
    service = await startService({ MODELS_DIR: models });
    expect(service.ready).toBe(false);
    const { status, body } = await service.get<{ status: string; reasons: string[] }>(
      '/health/ready',
    );
    expect(status).toBe(503);
    expect(body.status).toBe('not_ready');
    expect((await service.get('/health/live')).status).toBe(200);
    const answer = await service.post<Problem>(small);
    expect(answer.status).toBe(503);
    expect(answer.body.code).toBe('model_unavailable');
    return body.reasons.join('\n');
  };

  it('because its file does not match its checksum', async () => {
    const file = join(models, 'mist', 'model.onnx');
    const bytes = await readFile(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    await writeFile(file, bytes);
    expect(await notReady()).toMatch(/mist: model.onnx has sha256 .* manifest says/);
  });

  it('because its file is missing', async () => {
    await rm(join(models, 'mist', 'model.onnx'));
    expect(await notReady()).toContain('no such file');
  });

  it('because its manifest is incomplete', async () => {
    const file = join(models, 'mist', 'manifest.json');
    const { taus, ...rest } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(rest));
    expect(await notReady()).toContain("must have required property 'taus'");
    expect(taus).toContain(0.5);
  });

  it('because its output has a different shape than its manifest states', async () => {
    const file = join(models, 'mist', 'manifest.json');
    const manifest = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...manifest, taus: [0.1, 0.5, 0.9] }));
    expect(await notReady()).toContain('mist: cannot run: output quantiles has shape');
  });

  it('because the default model does not exist', async () => {
    service = await startService({ MODELS_DIR: models, DEFAULT_MODEL: 'other' });
    expect(service.ready).toBe(false);
    const named = await service.post({ ...small, model: 'mist' });
    expect(named.status).toBe(200);
  });

  it('because the folder of models does not exist', async () => {
    service = await startService({ MODELS_DIR: join(models, 'none') });
    expect(service.ready).toBe(false);
    const { body } = await service.get<{ reasons: string[] }>('/health/ready');
    expect(body.reasons[0]).toContain('cannot read MODELS_DIR');
  });
});

describe('the built server, as a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers the requests that have arrived on %s, then exits with 0',
    async (signal) => {
      const { child, url, log } = await startProcess({ WORKERS: '1' });
      const post = (body: unknown) =>
        fetch(`${url}/estimate`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      const running = post(heavy);
      const waiting = post(small);
      await logged(log, /incoming request.*\n.*incoming request/);
      child.kill(signal);
      await logged(log, /Shutting down/);
      // A second signal must not abort the run.
      child.kill(signal);
      await expect(fetch(`${url}/health/live`)).rejects.toThrow();
      expect((await running).status).toBe(200);
      expect((await waiting).status).toBe(200);
      expect(await exitOf(child)).toEqual([0, null]);
      expect(log.join('')).toContain('Stopped');
    },
  );

  it('gives up the work of a client that has disconnected', async () => {
    const { child, url, log } = await startProcess({ WORKERS: '1' });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify(heavy);
    // Disconnects later each time, until it happens during the run and not during the upload.
    for (let wait = 100; !log.join('').includes('client_gone'); wait *= 1.5) {
      const signal = AbortSignal.timeout(wait);
      await fetch(`${url}/estimate`, { ...init, body, signal }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const after = await fetch(`${url}/estimate`, { ...init, body: JSON.stringify(small) });
    expect(after.status).toBe(200);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toEqual([0, null]);
  });

  it('logs request ids and codes, and never samples', async () => {
    const { child, url, log } = await startProcess({ LOG_LEVEL: 'trace' });
    for (const body of [
      '{"x":[12345.678,2],"y":[1,2]}',
      '{"x":[12345.678,"12345.678"],"y":[1,2]}',
      '{"x":[12345.678,oops',
    ]) {
      await fetch(`${url}/estimate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': 'my-request' },
        body,
      });
    }
    child.kill('SIGTERM');
    await exitOf(child);
    const text = log.join('');
    expect(text).toContain('"reqId":"my-request"');
    expect(text).toContain('not_a_number');
    expect(text).toContain('invalid_json');
    expect(text).not.toContain('12345.678');
    expect(text).not.toContain('oops');
  });

  it('exits with a clear message on a setting that is out of range', async () => {
    const child = spawn(process.execPath, ['dist/src/server.js'], {
      env: { ...process.env, PORT: 'eighty' },
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    expect((await exitOf(child))[0]).not.toBe(0);
    expect(stderr).toContain('PORT');
  });
});

/** A column of whole numbers of one digit. */
function digits(rows: number): number[] {
  return Array.from({ length: rows }, (_, r) => Math.floor(10 * Math.abs(Math.sin(r * r))));
}

async function startProcess(env: Record<string, string>) {
  const port = await freePort();
  const child = spawn(process.execPath, ['dist/src/server.js'], {
    env: { ...process.env, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: string[] = [];
  child.stdout.on('data', (chunk) => log.push(String(chunk)));
  const url = `http://127.0.0.1:${port}`;
  await until(() => fetch(`${url}/health/ready`), 30_000);
  return { child, url, log };
}

async function logged(log: string[], line: RegExp): Promise<void> {
  while (!line.test(log.join(''))) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Asks until the answer is 200. */
async function until(ask: () => Promise<{ status: number }>, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const status = await ask().then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > end) throw new Error(`still ${status} after ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return [child.exitCode, child.signalCode];
  }
  return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
}
