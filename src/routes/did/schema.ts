import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import type { ErrorCode } from '../../errors.js';
import { FORMATS, pairFormats } from '../../formats/registry.js';
import { problemResponses } from '../../http/problem-schema.js';
import { milliseconds, totalTiming, warningsReply } from '../../http/reply-schema.js';
import { probabilityOption, seedOption } from '../../http/request-schema.js';
import { PREFERENCE_WARNING_CODES } from '../../warnings.js';
import { inputSchemas } from './input-schema.js';

/** A number, or null if the data do not determine it. */
export const Nullable = (options: { description?: string } = {}) =>
  Type.Unsafe<number | null>({ type: ['number', 'null'], ...options });

export const ClusteredMean = Type.Object(
  {
    mean: Type.Number(),
    standard_error: Nullable({ description: 'Clustered by prompt; null with a single prompt' }),
    lower: Nullable(),
    upper: Nullable(),
  },
  { $id: 'ClusteredMean', description: 'A mean and its interval at the requested level' },
);

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const Calibration = Type.Object(
  {
    bins: Type.Array(
      Type.Object({
        lower: Type.Number(),
        upper: Type.Number(),
        pairs: count('Number of pairs whose prediction lies between lower and upper'),
        predicted: Type.Number({ description: 'Mean of σ(β|δ|)' }),
        observed: Type.Number({
          description: 'Share of pairs in which the favored side was chosen',
        }),
        standard_error: Type.Number(),
      }),
    ),
    expected_error: Type.Number({
      description: 'Mean of |observed − predicted| over the bins, weighted by their pairs',
    }),
  },
  {
    $id: 'Calibration',
    description: 'Predicted preference probabilities compared with the choices',
  },
);

export const beta = Type.Number({
  // Outside this range, squares of β or of 1/β could overflow.
  minimum: 1e-6,
  maximum: 1e6,
  default: 0.1,
  description: 'β of the reward β log(π/π_ref)',
});

export const level = probabilityOption('Probability of the intervals', 0.9);

export const bins = Type.Integer({
  minimum: 2,
  maximum: 100,
  default: 10,
  description: 'Largest number of bins of the calibration table',
});

export const alpha = probabilityOption('Significance level of the verdict', 0.05);

export const seed = seedOption('Seed of all random draws; the same request gives the same answer');

/** The β that explains preferences best, as in the replies of /did/pairs and /did/power-law. */
export const betaFit = Type.Object(
  {
    status: Type.Enum(['fitted', 'separated', 'constant']),
    beta: Nullable(),
    standard_error: Nullable(),
    clustered_standard_error: Nullable(),
    lower: Nullable(),
    upper: Nullable(),
    loss: Nullable({ description: 'Mean of −log σ(βδ) at this β' }),
  },
  { description: 'The β under which σ(βδ) explains the choices best' },
);

export const calibration = Type.Unsafe<Static<typeof Calibration>>({ $ref: 'Calibration#' });

/** An object that may be null. */
export const OrNull = <T extends TSchema>(schema: T, description: string) =>
  Type.Unsafe<Static<T> | null>({ ...schema, type: ['object', 'null'], description });

/** The bodies other than JSON, which hold only pairs. */
function pairBodies(example: readonly Record<string, unknown>[]) {
  const bodies = pairFormats().map(({ mediaTypes, pairs }) => [
    mediaTypes[0],
    { schema: pairs.describe(example) },
  ]);
  return Object.fromEntries(bodies);
}

/** The last fields of every reply of /did. */
export const replyEnd = {
  warnings: warningsReply(PREFERENCE_WARNING_CODES),
  timing: Type.Object({
    parse_ms: milliseconds('Receiving, reading and checking the body'),
    compute_ms: milliseconds('Computing the figures'),
    ...totalTiming,
  }),
  id: Type.String(),
};

export const timingExample = { parse_ms: 0.4, compute_ms: 0.3, total_ms: 1.1 };

/** The errors of the routes that accept candidates. */
export const CANDIDATE_ERRORS = [
  'too_few_candidates',
  'candidates_disagree',
  'incomplete_support',
] as const satisfies readonly ErrorCode[];

/** The errors of every route of /did. */
const COMMON_ERRORS = [
  'invalid_json',
  'missing_field',
  'unknown_field',
  'invalid_type',
  'invalid_value',
  'out_of_range',
  'not_a_number',
  'positive_log_prob',
  'zero_probability',
  'missing_token',
  'token_counts_differ',
  'empty_samples',
  'too_many_pairs',
  'bad_request',
  'body_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
  'internal_error',
  'shutting_down',
  'deadline_exceeded',
] as const satisfies readonly ErrorCode[];

/** Further errors of the routes that accept rows as NDJSON or CSV. */
const ROW_ERRORS = [
  'invalid_csv',
  'invalid_utf8',
  'unequal_rows',
] as const satisfies readonly ErrorCode[];

/**
 * The description of a route of /did, whose schemas are Did<name>Request and Did<name>Reply.
 *
 * @param reply describes the reply.
 * @param rows set if the route also accepts NDJSON and CSV: example rows, and the options, which
 * are then query parameters.
 */
export function didRoute(
  name: string,
  {
    rows,
    errors,
    reply,
    ...documentation
  }: {
    summary: string;
    description: string;
    reply: string;
    rows?: { example: readonly Record<string, unknown>[]; options: TProperties };
    errors: readonly ErrorCode[];
  },
) {
  return {
    tags: ['preferences'],
    operationId: `did${name}`,
    ...documentation,
    querystring: Type.Object(rows?.options ?? {}, { additionalProperties: false }),
    body: {
      content: {
        [FORMATS.json.mediaTypes[0]]: { schema: { $ref: `Did${name}Request#` } },
        ...(rows && pairBodies(rows.example)),
      },
    },
    response: {
      200: {
        description: reply,
        content: { 'application/json': { schema: { $ref: `Did${name}Reply#` } } },
      },
      ...problemResponses(...COMMON_ERRORS, ...(rows ? ROW_ERRORS : []), ...errors),
    },
  };
}

export const sharedSchemas = [ClusteredMean, Calibration, ...inputSchemas];
