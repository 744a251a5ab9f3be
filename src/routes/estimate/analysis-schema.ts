import { type TObject, Type } from 'typebox';
import type { ErrorCode } from '../../errors.js';
import { UNITS } from '../../estimation/units.js';
import { WARNING_CODES } from '../../estimation/warnings.js';
import { dataOptions } from '../../formats/table/data.js';
import type { Layout } from '../../formats/table/layout.js';
import { DATA_ERRORS, dataBody, dataQuery } from '../../http/samples-schema.js';
import { EstimateOptions } from './schema.js';
import { modelExample } from '../models/schema.js';
import { problemResponses } from '../../http/problem-schema.js';

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

/** One side of numbers, texts or booleans; null is a missing value. */
export const DataMatrix = Type.Unsafe({ $ref: 'DataMatrix#' });

/** Columns with their names: a value for each name, or rows with a name for each column. */
export const namedColumns = (name: string, description: string) => ({
  [name]: Type.Optional(Type.Record(Type.String(), DataMatrix, { description })),
  data: Type.Optional(
    Type.Unsafe({ $ref: 'DataMatrix#', description: `Rows of all columns, in place of ${name}` }),
  ),
  names: Type.Optional(
    Type.Array(Type.String(), { description: 'Of the columns of data; "column 0" … otherwise' }),
  ),
});

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

const PROBLEMS: ErrorCode[] = [
  ...DATA_ERRORS,
  'unknown_model',
  'model_failed',
  'internal_error',
  'model_unavailable',
  'queue_full',
  'shutting_down',
  'worker_died',
  'deadline_exceeded',
];

/**
 * The description of a route that posts samples.
 *
 * @param samples their layout, and the options beside them, where it takes every format and not
 * JSON alone.
 */
export function analysisRoute(
  operationId: string,
  summary: string,
  description: string,
  {
    request,
    reply,
    samples,
    problems = [],
  }: {
    request: string;
    reply: string;
    samples?: { layout: Layout; options: TObject };
    problems?: ErrorCode[];
  },
) {
  const json = Type.Unsafe({ $ref: `${request}#` });
  return {
    tags: ['analyses'],
    operationId,
    summary,
    description,
    ...(samples === undefined
      ? {
          querystring: Type.Object({}, { additionalProperties: false }),
          body: { content: { 'application/json': { schema: json } } },
        }
      : {
          querystring: dataQuery(samples.layout, { ...dataOptions, ...samples.options.properties }),
          body: dataBody(json, samples.layout),
        }),
    response: {
      200: {
        description: summary,
        content: { 'application/json': { schema: { $ref: `${reply}#` } } },
      },
      ...problemResponses(...PROBLEMS, ...problems),
    },
  };
}
