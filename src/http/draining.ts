import type { FastifyInstance } from 'fastify';
import { MistdError } from '../errors.js';
import type { Engine } from '../inference/engine.js';

/** How often idle connections are closed during shutdown, in milliseconds. */
const SWEEP_MS = 200;

/**
 * Makes shutdown orderly: the service reports that it is not ready, refuses new requests, answers
 * those that have arrived, and then ends the threads. A kept-alive connection closes after its
 * answer, because an open one would delay the exit.
 */
export function addDraining(app: FastifyInstance, engine: Engine): void {
  app.addHook('onRequest', async (request) => {
    const probe = request.routeOptions.url?.startsWith('/health/');
    if (engine.draining && !probe) {
      throw new MistdError('shutting_down', 'This instance accepts no new requests.', {
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
    // Closes connections whose answers were sent before that header was added.
    sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
  });
  app.addHook('onClose', async () => {
    clearInterval(sweep);
    await engine.close();
  });
}
