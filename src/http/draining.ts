import type { FastifyInstance } from 'fastify';
import { MistdError } from '../errors.js';
import type { Engine } from '../inference/engine.js';

/** How often, while closing, connections are closed that have become idle. */
const SWEEP_MS = 200;

/**
 * Closing: not ready, no new requests, an answer to those that have arrived, then the threads.
 * Kept-alive connections end with their answer: one that stays open would hold up the exit.
 */
export function addDraining(app: FastifyInstance, engine: Engine): void {
  app.addHook('onRequest', async (request) => {
    const probe = request.routeOptions.url?.startsWith('/health/');
    if (engine.draining && !probe) {
      throw new MistdError('shutting_down', 'This instance takes no new requests.', {
        retryAfterSeconds: 1,
      });
    }
  });
  app.addHook('onSend', async (_request, reply) => {
    if (engine.draining) reply.header('connection', 'close');
  });

  let sweep: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    engine.drain();
    // For answers that were on their way already, without that header.
    sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  });
  app.addHook('onClose', async () => {
    clearInterval(sweep);
    await engine.close();
  });
}
