import type { FastifyReply } from 'fastify';
import { MistdError } from '../errors.js';

/**
 * Returns a signal that aborts when the time of a request, counted from its arrival, has run out,
 * or when its client has disconnected.
 */
export function deadline(reply: FastifyReply, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(
    () => {
      controller.abort(
        new MistdError('deadline_exceeded', `The request took longer than ${milliseconds} ms.`),
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
