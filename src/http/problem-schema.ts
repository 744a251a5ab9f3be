import { type Static, Type } from 'typebox';
import { ERRORS, type ErrorCode } from '../errors.js';

const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

/** Problem details (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URI of the problem type; it ends in the code' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum(ERROR_CODES, {
      description: 'Stable code that programs may switch on',
    }),
    detail: Type.String({ description: 'What happened in this request, and what to do' }),
    pointer: Type.Optional(
      Type.String({ description: 'JSON pointer (RFC 6901) of the field or element at fault' }),
    ),
    request_id: Type.String({ description: 'Also in the x-request-id header and the log' }),
  },
  {
    $id: 'Problem',
    examples: [
      {
        type: 'urn:mistd:problem:missing_value',
        title: ERRORS.missing_value.title,
        status: ERRORS.missing_value.status,
        code: 'missing_value',
        detail: `The sample at /x/3/1 is missing. ${ERRORS.missing_value.remedy}`,
        pointer: '/x/3/1',
        request_id: '6f1d3c1e-7f0c-4c39-9d0a-2f4d7f0f3b52',
      },
    ],
  },
);

export type Problem = Static<typeof Problem>;

/** The errors that any route may return. */
const SERVER_ERRORS = ['internal_error', 'shutting_down', 'deadline_exceeded'] as const;

/** The errors of a route whose work may wait for a helper thread. */
export const HELPER_ERRORS = [...SERVER_ERRORS, 'queue_full'] as const;

/** The errors of a route that puts questions to a model. */
export const MODEL_ERRORS = [
  ...HELPER_ERRORS,
  'unknown_model',
  'model_failed',
  'model_unavailable',
  'worker_died',
] as const;

/** Response schemas of a route's possible errors, by status. */
export function problemResponses(...codes: ErrorCode[]): Record<number, object> {
  const responses: Record<number, object> = {};
  const inOrder = ERROR_CODES.filter((code) => codes.includes(code));
  for (const { status } of inOrder.map((code) => ERRORS[code])) {
    const same = inOrder.filter((code) => ERRORS[code].status === status);
    responses[status] = {
      description: same.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    };
  }
  return responses;
}
