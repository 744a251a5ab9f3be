import type { FastifyReply } from 'fastify';
import { MistdError } from '../errors.js';

/**
 * A signal that gives a request up when its time, counted from its arrival, has passed, or when
 * its client has gone.
 */
export function deadline(reply: FastifyReply, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(
    () => {
      controller.abort(
        new MistdError('deadline_exceeded', `There was no answer within ${milliseconds} ms.`),
      );
    },
    Math.max(0, milliseconds - reply.elapsedTime),
  );
  reply.raw.once('close', () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) {
      controller.abort(new MistdError('client_gone', 'The client closed the connection.'));
    }
  });
  return controller.signal;
}
