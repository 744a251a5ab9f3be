import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import type { Config } from '../src/config.js';
import type { Problem } from '../src/http/problem-schema.js';
import type { EstimateReply } from '../src/routes/estimate/schema.js';

// The types of the source, the code of the build: model threads load JavaScript from dist/src/.
const DIST: string = '../dist/src';

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

/** The service that all test files share, with the default settings: it is ready, and stays. */
export function sharedService(): Service {
  return clientOf(inject('serviceUrl'), { ready: true, close: async () => undefined });
}

/**
 * Starts a service for tests that need other settings: the real one, on a free port. Returns when
 * its models are ready or have failed.
 */
export async function startService(overrides: Partial<Config> = {}): Promise<Service> {
  const { buildApp } = (await import(`${DIST}/app.js`)) as typeof import('../src/app.js');
  const { loadConfig } = (await import(`${DIST}/config.js`)) as typeof import('../src/config.js');
  const app = await buildApp({
    ...loadConfig({}),
    PORT: 0,
    WORKERS: 1,
    LOG_LEVEL: 'silent',
    // A busy machine meets it; a test gives up soon after it.
    REQUEST_TIMEOUT_MS: 110_000,
    ...overrides,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const client = clientOf(url, { ready: true, close: () => app.close() });
  const ready = await untilLoaded(() => client.get('/health/ready'));
  return { ...client, ready };
}

function clientOf(url: string, state: Pick<Service, 'ready' | 'close'>): Service {
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
  return {
    url,
    ...state,
    post: (body, headers = { 'content-type': 'application/json' }, path = '/estimate') =>
      call(path, {
        method: 'POST',
        headers,
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    get: (path) => call(path),
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
