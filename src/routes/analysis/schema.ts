import { Type } from 'typebox';
import type { ErrorCode } from '../../errors.js';
import { UNITS } from '../../estimation/units.js';
import { WARNING_CODES } from '../../estimation/warnings.js';
import { EstimateOptions } from '../estimate/schema.js';
import { modelExample } from '../models/schema.js';
import { problemResponses } from '../problem.js';

const { level, unit, model, id } = EstimateOptions.properties;

/** What every analysis takes beside its samples. */
export const analysisOptions = {
  level,
  unit,
  model,
  seed: Type.Integer({
    minimum: 0,
    maximum: 2 ** 32 - 1,
    default: 0,
    description: 'Decides every random order; the same request gives the same answer',
  }),
  id,
};

/** Most draws of a permutation test. */
const MOST_PERMUTATIONS = 100_000;

export function permutationsOption(description: string, options: { default?: number } = {}) {
  return Type.Integer({ minimum: 0, maximum: MOST_PERMUTATIONS, description, ...options });
}

export const earlyStopOption = Type.Boolean({
  default: true,
  description:
    'Stop the draws once 20 of them are as large as the estimate: the p-value is then known to a fifth',
});

export const Matrix = Type.Unsafe({ $ref: 'Matrix#' });

/** A value for each name. */
export const NamedMatrices = (description: string) =>
  Type.Record(Type.String(), Matrix, { minProperties: 1, description });

export const intervalReply = Type.Object({
  level: Type.Number(),
  lower: Type.Number(),
  upper: Type.Number(),
});

export const informationCorrelation = Type.Number({
  minimum: 0,
  maximum: 1,
  description: 'sqrt(1 − exp(−2 I)), I in nats: |correlation| of a bivariate normal',
});

/** An estimate in few words. */
export const briefReply = {
  estimate: Type.Number({ minimum: 0, description: 'The median' }),
  interval: intervalReply,
  information_correlation: informationCorrelation,
};

export const probability = (description: string) =>
  Type.Number({ minimum: 0, maximum: 1, description });

/** Of a permutation test. */
export const testReply = {
  p_value: probability('Of a permutation test'),
  p_value_error: Type.Number({ minimum: 0, description: 'Monte Carlo standard error of p_value' }),
  permutations: Type.Integer({ description: 'Draws that p_value rests on' }),
};

/** How a test that may be left out stands in a reply. */
export const optionalTestReply = {
  p_value: Type.Optional(testReply.p_value),
  p_value_error: Type.Optional(testReply.p_value_error),
  permutations: Type.Optional(testReply.permutations),
};

const milliseconds = (description: string) => Type.Number({ minimum: 0, description });

/** What every reply carries beside the analysis. */
export const analysisReply = {
  unit: Type.Enum([...UNITS]),
  model: Type.Unsafe({ $ref: 'ModelIdentity#' }),
  warnings: Type.Array(
    Type.Object({ code: Type.Enum([...WARNING_CODES]), message: Type.String() }),
  ),
  timing: Type.Object({
    parse_ms: milliseconds('Reading and checking the body'),
    queue_ms: milliseconds('Waiting for a thread'),
    encode_ms: milliseconds('Ranks, scores and checks of the samples, summed over threads'),
    inference_ms: milliseconds('The model, summed over threads'),
    total_ms: milliseconds("From the request's arrival, its upload included"),
  }),
  id: Type.String(),
};

export const analysisReplyExample = {
  unit: 'nats',
  model: modelExample,
  warnings: [],
  timing: { parse_ms: 0.6, queue_ms: 0.1, encode_ms: 88.2, inference_ms: 1902, total_ms: 1011 },
  id: '6f1d3c1e-7f0c-4c39-9d0a-2f4d7f0f3b52',
};

/** Every problem of a body of samples. */
const PROBLEMS: ErrorCode[] = [
  'invalid_json',
  'missing_field',
  'unknown_field',
  'invalid_type',
  'invalid_value',
  'out_of_range',
  'not_a_number',
  'not_finite',
  'empty_samples',
  'ragged_rows',
  'unequal_rows',
  'too_few_rows',
  'too_many_rows',
  'too_many_columns',
  'bad_request',
  'unknown_model',
  'body_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
  'model_failed',
  'internal_error',
  'model_unavailable',
  'queue_full',
  'shutting_down',
  'worker_died',
  'deadline_exceeded',
];

/** The description of a route that posts JSON samples. */
export function analysisRoute(
  operationId: string,
  summary: string,
  description: string,
  { request, reply, problems = [] }: { request: string; reply: string; problems?: ErrorCode[] },
) {
  return {
    tags: ['analyses'],
    operationId,
    summary,
    description,
    querystring: Type.Object({}, { additionalProperties: false }),
    body: { content: { 'application/json': { schema: { $ref: `${request}#` } } } },
    response: {
      200: {
        description: summary,
        content: { 'application/json': { schema: { $ref: `${reply}#` } } },
      },
      ...problemResponses(...PROBLEMS, ...problems),
    },
  };
}
