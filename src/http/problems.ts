import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, MistdError } from '../errors.js';
import type { Problem } from './problem-schema.js';

/** Answers every error with an RFC 9457 problem document, and logs it without the samples. */
export function addProblems(app: FastifyInstance): void {
  const routes: { method: string; pattern: RegExp }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+').replace('*', '.*')}$`);
    for (const name of [method].flat()) routes.push({ method: name, pattern });
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?', 1)[0] as string;
    const allow = routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    const route = `${request.method} ${path}`;
    throw allow.length === 0
      ? new MistdError('not_found', `There is no route ${route}.`)
      : new MistdError('method_not_allowed', `${route} is not supported.`, {
          allow: [...new Set(allow)],
        });
  });
}

/** Sends the problem document of an error, also for errors before Fastify has found a route. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toMistdError(error, request);
  const problem = problemOf(known, request);
  const { retryAfterSeconds, allow } = known.details;
  reply.header('x-request-id', request.id);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  if (allow !== undefined) reply.header('allow', allow.join(', '));
  // Serialized here, because the reply must not depend on the schemas of the failed route.
  reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Makes the problem document of an error, and logs the error. */
export function problemOf(error: unknown, request: FastifyRequest): Problem {
  const known = toMistdError(error, request);
  const { status, title, remedy } = ERRORS[known.code];
  const { pointer } = known.details;
  if (status >= 500) request.log.error({ code: known.code, err: known.cause ?? known }, title);
  // The detail may quote the body, so only the code and the pointer are logged.
  else request.log.info({ code: known.code, pointer }, title);
  return {
    type: `urn:mistd:problem:${known.code}`,
    title,
    status,
    code: known.code,
    detail: `${known.message} ${remedy}`,
    ...(pointer === undefined ? {} : { pointer }),
    request_id: request.id,
  };
}

function toMistdError(error: unknown, request: FastifyRequest): MistdError {
  if (error instanceof MistdError) return error;
  const { code, statusCode = 500, message } = error as FastifyError;
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new MistdError(
        'unsupported_media_type',
        `This route does not accept the content type ${JSON.stringify(request.headers['content-type'] ?? '')}.`,
      );
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new MistdError(
        'body_too_large',
        `The body is larger than ${request.routeOptions.bodyLimit} bytes.`,
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new MistdError(
        'bad_request',
        'The length of the body does not match the content-length header.',
      );
    default:
      return statusCode >= 400 && statusCode < 500
        ? new MistdError('bad_request', `${message}.`, { cause: error })
        : new MistdError('internal_error', 'An unexpected error occurred.', { cause: error });
  }
}
