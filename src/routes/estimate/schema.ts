import { type Static, Type } from 'typebox';
import { CLASSICAL_METHODS } from '../../classical/classical.js';
import { UNITS } from '../../estimation/units.js';
import { dataOptions, type SamplesForm } from '../../formats/samples.js';
import { XY } from '../../formats/table/layout.js';
import { MODEL_ERRORS, problemResponses } from '../../http/problem-schema.js';
import {
  estimateWarnings,
  estimatorReply,
  informationCorrelation,
  interval,
  modelExample,
  modelReply,
  modelTimingReply,
  REQUEST_ID_EXAMPLE,
} from '../../http/reply-schema.js';
import {
  asGiven,
  idOption,
  modelOption,
  probabilityOption,
  tauList,
  unitOption,
} from '../../http/request-schema.js';
import {
  DATA_ERRORS,
  DataMatrix,
  dataBody,
  dataFields,
  dataMatrix,
  dataQuery,
  SamplesReply,
} from '../../http/samples-schema.js';

const Matrix = Type.Union(
  [
    Type.Array(Type.Number(), { minItems: 2, description: 'One column: one number per row' }),
    Type.Array(Type.Array(Type.Number(), { minItems: 1 }), {
      minItems: 2,
      description: 'Rows of equal length',
    }),
  ],
  { $id: 'Matrix', description: 'Finite numbers, row by row' },
);

/** The options of a request, apart from those about its samples. */
export const EstimateOptions = Type.Object(
  {
    quantiles: tauList(
      [0.05, 0.25, 0.5, 0.75, 0.95],
      'Taus of the quantiles to report, each in (0, 1), in any order',
    ),
    level: probabilityOption('Probability of the interval', 0.9),
    unit: unitOption,
    model: modelOption,
    checks: Type.Boolean({
      default: false,
      description:
        'Compare with a quick classical estimate (KSG, or plug-in for columns with few distinct values), and warn if they disagree',
    }),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2 ** 32 - 1,
        description: 'Seed that selects the rows of the check; nothing else is random; default: 0',
      }),
    ),
    id: idOption,
  },
  { $id: 'EstimateOptions', additionalProperties: false },
);

/** What POST /estimate reads. */
export const estimateForm: SamplesForm<'x' | 'y', typeof EstimateOptions> = {
  layout: XY,
  options: EstimateOptions,
  coding: 'numbers',
};

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

/** The body of a request, in which options with a default are optional. */
const EstimateRequest = Type.Object(
  {
    x: dataMatrix,
    y: dataMatrix,
    ...dataFields,
    ...asGiven(EstimateOptions.properties),
  },
  { $id: 'EstimateRequest', additionalProperties: false, examples: requestExamples },
);

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
  estimator: 'model' as const,
  model: modelExample,
  samples: { rows: 620, dim_x: 2, dim_y: 1, dropped: 0 },
  warnings: [
    {
      code: 'outside_trained_range',
      message:
        'rows is 620; the model was trained on 10 to 500. The rows were split into 2 blocks, whose estimates were combined.',
    },
  ],
  timing: { parse_ms: 0.9, queue_ms: 0.1, encode_ms: 1.2, inference_ms: 7.4, total_ms: 10.3 },
  id: REQUEST_ID_EXAMPLE,
};

const EstimateReply = Type.Object(
  {
    estimate: Type.Number({ minimum: 0, description: 'Mutual information: the median' }),
    mean: Type.Number({ minimum: 0 }),
    median: Type.Number({ minimum: 0 }),
    unit: Type.Enum([...UNITS]),
    interval: interval({ minimum: 0 }),
    quantiles: Type.Array(Type.Object({ tau: Type.Number(), value: Type.Number({ minimum: 0 }) }), {
      description: 'In the order of the request',
    }),
    information_correlation: informationCorrelation,
    estimator: estimatorReply,
    model: modelReply,
    entropy_y: Type.Optional(
      Type.Number({
        minimum: 0,
        description: 'Entropy of y from its frequencies; only if y is discrete',
      }),
    ),
    uncertainty_coefficient: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          'Share of the entropy of y that x explains, estimate / entropy_y; only if y is discrete',
      }),
    ),
    check: Type.Optional(
      Type.Object(
        {
          method: Type.Enum([...CLASSICAL_METHODS]),
          estimate: Type.Number(),
          standard_error: Type.Number({ minimum: 0, description: 'Approximate standard error' }),
          rows: Type.Integer({ description: 'Number of rows used' }),
          agrees: Type.Boolean({
            description: 'Whether it is compatible with the 99 % interval of the model',
          }),
        },
        { description: 'The classical estimate; only with "checks": true' },
      ),
    ),
    samples: SamplesReply,
    warnings: estimateWarnings,
    timing: modelTimingReply('in the slowest thread'),
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
    'Row i of x and row i of y are one observation. Only the order of the values in a column matters: a strictly monotone map of a column leaves the answer unchanged. Options are fields of a JSON body; with a body in any other format, they are query parameters.',
  querystring: dataQuery(XY, { ...dataOptions, ...EstimateOptions.properties }),
  body: dataBody(Type.Unsafe({ $ref: 'EstimateRequest#' }), XY),
  response: {
    200: {
      description: 'The estimate and its uncertainty',
      content: { 'application/json': { schema: { $ref: 'EstimateReply#' } } },
    },
    ...problemResponses(...DATA_ERRORS, ...MODEL_ERRORS),
  },
};
