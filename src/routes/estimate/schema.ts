import { type Static, Type } from 'typebox';
import { CLASSICAL_METHODS } from '../../classical/classical.js';
import { UNITS } from '../../estimation/units.js';
import { WARNING_CODES } from '../../estimation/warnings.js';
import { dataOptions } from '../../formats/table/data.js';
import { PAIR } from '../../formats/table/layout.js';
import {
  DATA_ERRORS,
  DataMatrix,
  dataBody,
  dataFields,
  dataQuery,
  SamplesReply,
} from '../../http/samples-schema.js';
import { modelExample } from '../models/schema.js';
import { problemResponses } from '../../http/problem-schema.js';

const Probability = { exclusiveMinimum: 0, exclusiveMaximum: 1 };

const Matrix = Type.Union(
  [
    Type.Array(Type.Number(), { minItems: 2, description: 'One column: a number a row' }),
    Type.Array(Type.Array(Type.Number(), { minItems: 1 }), {
      minItems: 2,
      description: 'Rows of equal length',
    }),
  ],
  { $id: 'Matrix', description: 'Finite numbers, row by row' },
);

/** Everything a client may ask beside the samples. */
export const EstimateOptions = Type.Object(
  {
    quantiles: Type.Array(Type.Number(Probability), {
      default: [0.05, 0.25, 0.5, 0.75, 0.95],
      maxItems: 1000,
      description: 'Taus of the quantiles to report, each in (0, 1), in any order',
    }),
    level: Type.Number({
      ...Probability,
      default: 0.9,
      description: 'Probability of the interval',
    }),
    unit: Type.Enum([...UNITS], { default: 'nats' }),
    model: Type.Optional(
      Type.String({ description: 'The id of a model of GET /models; a default otherwise' }),
    ),
    checks: Type.Boolean({
      default: false,
      description:
        'Compare with a quick classical estimate (KSG, or a plug-in for columns of few values), and warn if they disagree',
    }),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2 ** 32 - 1,
        description: 'Picks the rows of the check; nothing else is drawn at random',
      }),
    ),
    id: Type.Optional(
      Type.String({
        maxLength: 200,
        description: 'Comes back in the reply; the request id otherwise',
      }),
    ),
  },
  { additionalProperties: false },
);

const { quantiles, level, unit, model, checks, seed, id } = EstimateOptions.properties;

const requestExamples = [
  {
    x: [58.1, 61.4, 49.9, 72.3, 66, 54.2, 80.5, 45.7, 69.8, 63.3, 51, 77.6],
    y: [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52, 1.74, 1.71, 1.57, 1.8],
  },
  {
    x: [
      [32.1, 101],
      [21.6, 87],
      [30.5, 93],
      [25.3, 84],
      [23, 101],
      [22.6, 89],
      [22, 90],
      [26.2, 114],
    ],
    y: [[151], [75], [141], [206], [135], [97], [138], [63]],
    quantiles: [0.1, 0.5, 0.9],
    level: 0.8,
    unit: 'bits',
    id: 'diabetes-1',
  },
  {
    x: ['a', 'b', 'a', 'c', null, 'b', 'a', 'c', 'b', 'a', 'c', 'b', 'a', 'c', 'b', 'a'],
    y: [
      true,
      false,
      true,
      true,
      true,
      false,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
      true,
      false,
      true,
    ],
    missing: 'drop_rows',
    checks: true,
  },
];

/** The same options with those optional that have a default. */
const EstimateRequest = Type.Object(
  {
    x: Type.Unsafe({ $ref: 'DataMatrix#' }),
    y: Type.Unsafe({ $ref: 'DataMatrix#' }),
    ...dataFields,
    quantiles: Type.Optional(quantiles),
    level: Type.Optional(level),
    unit: Type.Optional(unit),
    model,
    checks: Type.Optional(checks),
    seed,
    id,
  },
  { $id: 'EstimateRequest', additionalProperties: false, examples: requestExamples },
);

const milliseconds = (description: string) => Type.Number({ minimum: 0, description });

const replyExample = {
  estimate: 0.272,
  mean: 0.276,
  median: 0.272,
  unit: 'nats',
  interval: { level: 0.9, lower: 0.212, upper: 0.351 },
  quantiles: [
    { tau: 0.05, value: 0.212 },
    { tau: 0.95, value: 0.351 },
  ],
  information_correlation: 0.648,
  model: modelExample,
  samples: { rows: 620, dim_x: 2, dim_y: 1, dropped: 0 },
  warnings: [
    {
      code: 'outside_trained_range',
      message:
        'rows is 620, trained on 10 to 500. The rows were estimated in 2 blocks and combined.',
    },
  ],
  timing: { parse_ms: 0.9, queue_ms: 0.1, encode_ms: 1.2, inference_ms: 7.4, total_ms: 10.3 },
  id: '6f1d3c1e-7f0c-4c39-9d0a-2f4d7f0f3b52',
};

const EstimateReply = Type.Object(
  {
    estimate: Type.Number({ minimum: 0, description: 'Mutual information: the median' }),
    mean: Type.Number({ minimum: 0 }),
    median: Type.Number({ minimum: 0 }),
    unit: Type.Enum([...UNITS]),
    interval: Type.Object({
      level: Type.Number(),
      lower: Type.Number({ minimum: 0 }),
      upper: Type.Number({ minimum: 0 }),
    }),
    quantiles: Type.Array(Type.Object({ tau: Type.Number(), value: Type.Number({ minimum: 0 }) }), {
      description: 'In the order asked',
    }),
    information_correlation: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'sqrt(1 − exp(−2 I)), I in nats: |correlation| of a bivariate normal',
    }),
    model: Type.Unsafe({ $ref: 'ModelIdentity#' }),
    entropy_y: Type.Optional(
      Type.Number({ minimum: 0, description: 'Of a discrete y, by its frequencies' }),
    ),
    uncertainty_coefficient: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Of a discrete y: the share of its entropy that x tells, estimate / entropy_y',
      }),
    ),
    check: Type.Optional(
      Type.Object(
        {
          method: Type.Enum([...CLASSICAL_METHODS]),
          estimate: Type.Number(),
          standard_error: Type.Number({ minimum: 0, description: 'Roughly' }),
          rows: Type.Integer({ description: 'Rows it was made of' }),
          agrees: Type.Boolean({
            description: 'Whether the 99 % interval of the model has room for it',
          }),
        },
        { description: 'With "checks": true' },
      ),
    ),
    samples: SamplesReply,
    warnings: Type.Array(
      Type.Object({ code: Type.Enum([...WARNING_CODES]), message: Type.String() }),
    ),
    timing: Type.Object({
      parse_ms: milliseconds('Reading and checking the body'),
      queue_ms: milliseconds('Waiting for a thread'),
      encode_ms: milliseconds('Ranks, scores and checks of the samples, in the slowest thread'),
      inference_ms: milliseconds('The model, in the slowest thread'),
      total_ms: milliseconds("From the request's arrival, its upload included"),
    }),
    id: Type.String(),
  },
  { $id: 'EstimateReply', examples: [replyExample] },
);

export type EstimateReply = Static<typeof EstimateReply>;

export const estimateSchemas = [Matrix, DataMatrix, EstimateRequest, EstimateReply];

export const estimateRoute = {
  tags: ['estimates'],
  operationId: 'estimate',
  summary: 'Estimate the mutual information of x and y',
  description:
    'Row i of x and row i of y are one observation. Only the order of the values of a column matters: any strictly monotone map of a column leaves the answer unchanged. Options are fields of a JSON body, and parameters beside a body of any other format.',
  querystring: dataQuery(PAIR, { ...dataOptions, ...EstimateOptions.properties }),
  body: dataBody(Type.Unsafe({ $ref: 'EstimateRequest#' }), PAIR),
  response: {
    200: {
      description: 'The estimate and its uncertainty',
      content: { 'application/json': { schema: { $ref: 'EstimateReply#' } } },
    },
    ...problemResponses(
      ...DATA_ERRORS,
      'unknown_model',
      'model_failed',
      'internal_error',
      'model_unavailable',
      'queue_full',
      'shutting_down',
      'worker_died',
      'deadline_exceeded',
    ),
  },
};
