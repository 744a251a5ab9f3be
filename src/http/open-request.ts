import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Config } from '../config.js';
import { deadline } from './deadline.js';
import { type RequestStamp, stampOf } from './reply.js';
import type { Service } from './service.js';

/** A POST request that is being answered. */
export interface OpenRequest {
  readonly request: FastifyRequest;
  /** Aborts at the deadline of the request, or when its client disconnects. */
  readonly signal: AbortSignal;
  readonly stamp: RequestStamp;
  /** Milliseconds since the handler started; a streamed body may not have arrived by then. */
  readonly elapsedMs: () => number;
}

function openRequest(request: FastifyRequest, reply: FastifyReply, config: Config): OpenRequest {
  const start = performance.now();
  return {
    request,
    signal: deadline(reply, config.REQUEST_TIMEOUT_MS),
    stamp: stampOf(request, reply),
    elapsedMs: () => performance.now() - start,
  };
}

export interface PostRoute {
  readonly url: string;
  readonly schema: FastifySchema;
  /** Whether the body's reader checks the query, because the parameters depend on the format. */
  readonly readerChecksQuery?: boolean;
}

/** Adds a POST route. Its handler gets an open request and returns the reply, or sends it. */
export function addPost<Reply>(
  app: FastifyInstance,
  { config }: Service,
  { url, schema, readerChecksQuery = false }: PostRoute,
  handler: (open: OpenRequest, reply: FastifyReply) => Promise<Reply>,
): void {
  const options = readerChecksQuery ? { validatorCompiler: () => () => true } : {};
  app.post(url, { schema, ...options }, (request, reply) =>
    handler(openRequest(request, reply, config), reply),
  );
}
