import { type Static, Type } from 'typebox';
import { FORMATS } from '../../../formats/registry.js';
import { problemResponses } from '../../../http/problem-schema.js';
import { EstimateOptions } from '../schema.js';

export const BatchQuery = Type.Object(
  {
    order: Type.Enum(['input', 'completion'], {
      default: 'input',
      description: 'Order of the replies: that of the lines sent, or that of their completion',
    }),
  },
  { additionalProperties: false },
);

export type BatchQuery = Static<typeof BatchQuery>;

const { checks: _, ...lineOptions } = EstimateOptions.properties;

/** The options of a line: those of /estimate except `checks`, which needs helper threads. */
export const LineOptions = Type.Object(lineOptions, {
  $id: 'LineOptions',
  additionalProperties: false,
});

const requestExample = [
  '{"x": [1.2, 0.4, 3.1, 2.2, 5.0, 4.1, 0.9, 2.8], "y": [2.0, 1.1, 6.5, 4.0, 9.7, 8.8, 2.2, 5.1], "id": "first"}',
  '{"x": [3.7, 1.9, 4.6, 0.1, 2.6, 3.3, 0.7, 1.5], "y": [7.9, 3.6, 9.1, 0.3, 2.4, 6.0, 1.7, 1.9], "unit": "bits"}',
  '',
].join('\n');

/** The usual media type of NDJSON. */
export const [NDJSON] = FORMATS.ndjson.mediaTypes;

export const batchRoute = {
  tags: ['estimates'],
  operationId: 'estimateBatch',
  summary: 'Estimate many independent data sets',
  description:
    'Each line of the body is a JSON object like the body of POST /estimate. Each line of the reply is a reply of POST /estimate or a problem, with `index`, the number of its line from 0. A line that cannot be estimated fails alone. Replies are sent while lines are still arriving. Lines without an answer at the deadline of the request fail with `deadline_exceeded`.',
  querystring: BatchQuery,
  consumes: [NDJSON],
  body: {
    content: {
      [NDJSON]: {
        schema: {
          type: 'string',
          description: 'One data set per line, as a JSON object',
          examples: [requestExample],
        },
      },
    },
  },
  response: {
    200: {
      description: 'One line of JSON per line sent',
      content: {
        [NDJSON]: { schema: { type: 'string' } },
      },
    },
    ...problemResponses(
      'unknown_field',
      'invalid_value',
      'unsupported_media_type',
      'unsupported_encoding',
      'internal_error',
      'shutting_down',
    ),
  },
};
