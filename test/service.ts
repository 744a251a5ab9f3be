import type { AddressInfo } from 'node:net';
import type { Config } from '../src/config.js';
import type { Problem } from '../src/http/problem-schema.js';
import type { EstimateReply } from '../src/routes/estimate/schema.js';

// The types of the source, the code of the build: model threads load JavaScript from dist/src/.
const DIST: string = '../dist/src';
const { buildApp } = (await import(`${DIST}/app.js`)) as typeof import('../src/app.js');
const { loadConfig } = (await import(`${DIST}/config.js`)) as typeof import('../src/config.js');

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Service {
  readonly url: string;
  readonly ready: boolean;
  /** Sends a body as it is, or any other value as JSON. */
  post<T = EstimateReply>(
    body: unknown,
    headers?: Record<string, string>,
    path?: string,
  ): Promise<Answer<T>>;
  get<T>(path: string): Promise<Answer<T>>;
  close(): Promise<void>;
}

/** Starts the real service on a free port and waits until its models are ready, or have failed. */
export async function startService(overrides: Partial<Config> = {}): Promise<Service> {
  const app = await buildApp({
    ...loadConfig({}),
    PORT: 0,
    WORKERS: 2,
    LOG_LEVEL: 'silent',
    ...overrides,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const call = async <T>(path: string, init: RequestInit = {}): Promise<Answer<T>> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      headers: response.headers,
      body: /json$|json;/.test(type) && !type.includes('ndjson') ? JSON.parse(text) : (text as T),
    };
  };
  const ready = await untilLoaded(() => call('/health/ready'));
  return {
    url,
    ready,
    post: (body, headers = { 'content-type': 'application/json' }, path = '/estimate') =>
      call(path, {
        method: 'POST',
        headers,
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    get: (path) => call(path),
    close: () => app.close(),
  };
}

/** Whether the service got ready; false once it says that it will not. */
async function untilLoaded(ask: () => Promise<Answer<{ reasons: string[] }>>): Promise<boolean> {
  for (;;) {
    const { status, body } = await ask();
    if (status === 200) return true;
    if (!body.reasons.includes('models are loading')) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export type ProblemAnswer = Answer<Problem>;
