import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { FastifyRequest } from 'fastify';
import type { LoggerOptions } from 'pino';
import type { Config } from '../config.js';

/** Headers that hold secrets; log lines show "[Redacted]" in their place. */
const SECRET_HEADERS = ['authorization', 'cookie', 'set-cookie', 'x-api-key'];

/** How the service logs: one JSON object per line, or colored lines in a developer's terminal. */
export function loggerOptions({ LOG_LEVEL }: Config): LoggerOptions {
  return {
    level: LOG_LEVEL,
    redact: SECRET_HEADERS.flatMap((name) => [
      `req.headers["${name}"]`,
      `res.headers["${name}"]`,
      `headers["${name}"]`,
    ]),
    ...(showsPrettyLines() ? { transport: { target: 'pino-pretty' } } : {}),
  };
}

/** Returns the id of a request for its log lines and reply: the caller's id, if safe to log. */
export function requestId({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Whether to print readable lines. pino-pretty is missing from production installs. */
function showsPrettyLines(): boolean {
  if (!process.stdout.isTTY || process.env.NODE_ENV === 'production') return false;
  try {
    createRequire(import.meta.url).resolve('pino-pretty');
    return true;
  } catch {
    return false;
  }
}
