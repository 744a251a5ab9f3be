import { type Static, Type } from 'typebox';
import { ERRORS, type ErrorCode } from '../errors.js';

/** Problem details (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URI of the kind of problem; ends in the code' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum(Object.keys(ERRORS) as ErrorCode[], {
      description: 'Stable: programs may switch on it',
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

/** Response schemas of a route's possible errors, by status. */
export function problemResponses(...codes: ErrorCode[]): Record<number, object> {
  const responses: Record<number, object> = {};
  for (const { status } of codes.map((code) => ERRORS[code])) {
    const same = codes.filter((code) => ERRORS[code].status === status);
    responses[status] = {
      description: same.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    };
  }
  return responses;
}
