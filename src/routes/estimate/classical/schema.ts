import { type Static, Type } from 'typebox';
import { CLASSICAL_METHODS } from '../../../classical/classical.js';
import { dataOptions } from '../../../formats/samples.js';
import { XY } from '../../../formats/table/layout.js';
import { HELPER_ERRORS, problemResponses } from '../../../http/problem-schema.js';
import {
  estimateWarnings,
  milliseconds,
  REQUEST_ID_EXAMPLE,
  totalTiming,
} from '../../../http/reply-schema.js';
import { asGiven, idOption, seedOption, unitOption } from '../../../http/request-schema.js';
import {
  DATA_ERRORS,
  dataBody,
  dataFields,
  dataMatrix,
  dataQuery,
  SamplesReply,
} from '../../../http/samples-schema.js';

/** The options of a request, apart from those about its samples. */
export const ClassicalOptions = Type.Object(
  {
    methods: Type.Array(Type.Enum([...CLASSICAL_METHODS]), {
      default: ['ksg1', 'ksg2', 'cca', 'gaussian_copula', 'plugin'],
      minItems: 1,
      maxItems: CLASSICAL_METHODS.length,
      uniqueItems: true,
      description:
        'ksg1, ksg2: nearest neighbors (Kraskov et al. 2004). cca: assumes joint normality. gaussian_copula: cca of normal scores, with shrinkage (Ledoit & Wolf). plugin: observed frequencies; columns with more than 20 distinct values are cut into bins. miller_madow: plugin with a bias correction',
    }),
    k: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: 'Number of neighbors of ksg1 and ksg2; must be below the number of rows',
    }),
    bins: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 1000,
        description:
          'Number of bins of a column that plugin cuts; default: √(rows / 5), limited to 2…50',
      }),
    ),
    bootstrap: Type.Optional(
      Type.Object(
        {
          resamples: Type.Integer({ minimum: 20, maximum: 2000, default: 100 }),
          level: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.9 }),
        },
        {
          additionalProperties: false,
          description: 'Adds a percentile interval to each estimate; default: no intervals',
        },
      ),
    ),
    unit: unitOption,
    seed: seedOption('Seed of the resamples; the same request gives the same answer'),
    id: idOption,
  },
  { $id: 'ClassicalOptions', additionalProperties: false },
);

const requestExamples = [
  {
    x: [58.1, 61.4, 49.9, 72.3, 66, 54.2, 80.5, 45.7, 69.8, 63.3, 51, 77.6],
    y: [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52, 1.74, 1.71, 1.57, 1.8],
    methods: ['ksg1', 'cca'],
    k: 3,
    bootstrap: { resamples: 100, level: 0.9 },
  },
  {
    x: ['a', 'b', 'a', 'c', 'b', 'a', 'c', 'b'],
    y: [true, false, true, true, false, true, false, false],
    methods: ['plugin', 'miller_madow'],
    unit: 'bits',
  },
];

const ClassicalRequest = Type.Object(
  {
    x: dataMatrix,
    y: dataMatrix,
    ...dataFields,
    ...asGiven(ClassicalOptions.properties),
  },
  { $id: 'ClassicalRequest', additionalProperties: false, examples: requestExamples },
);

const ClassicalReply = Type.Object(
  {
    estimates: Type.Array(
      Type.Object({
        method: Type.Enum([...CLASSICAL_METHODS]),
        estimate: Type.Union([Type.Number(), Type.Null()], {
          description:
            'A KSG estimate may be negative by chance. Null if the method has no answer: cca of columns that are an exact linear function of each other',
        }),
        interval: Type.Optional(
          Type.Object({
            level: Type.Number(),
            lower: Type.Number(),
            upper: Type.Number(),
            resampling: Type.Enum(['bootstrap', 'half_samples'], {
              description:
                'bootstrap: rows drawn with replacement. half_samples: halves of the rows drawn without replacement, for ksg1 and ksg2, which mistake repeated rows for dependence',
            }),
          }),
        ),
      }),
      { description: 'In the order of methods' },
    ),
    unit: unitOption,
    samples: SamplesReply,
    warnings: estimateWarnings,
    timing: Type.Object({
      parse_ms: milliseconds('Reading and checking the body'),
      estimate_ms: milliseconds('Waiting for a thread, and computing the estimates'),
      ...totalTiming,
    }),
    id: Type.String(),
  },
  {
    $id: 'ClassicalReply',
    examples: [
      {
        estimates: [
          {
            method: 'ksg1',
            estimate: 0.231,
            interval: { level: 0.9, lower: 0.152, upper: 0.309, resampling: 'half_samples' },
          },
          {
            method: 'cca',
            estimate: 0.214,
            interval: { level: 0.9, lower: 0.148, upper: 0.291, resampling: 'bootstrap' },
          },
        ],
        unit: 'nats',
        samples: { rows: 442, dim_x: 1, dim_y: 1, dropped: 0 },
        warnings: [],
        timing: { parse_ms: 0.6, estimate_ms: 412.3, total_ms: 414.1 },
        id: REQUEST_ID_EXAMPLE,
      },
    ],
  },
);

export type ClassicalReply = Static<typeof ClassicalReply>;

export const classicalSchemas = [ClassicalRequest, ClassicalReply];

export const classicalRoute = {
  tags: ['estimates'],
  operationId: 'classical',
  summary: 'Estimate mutual information by classical methods',
  description:
    'Gives a second opinion on POST /estimate, from the same samples. KSG standardizes columns and adds no noise; negative estimates are not cut at 0.',
  querystring: dataQuery(XY, { ...dataOptions, ...ClassicalOptions.properties }),
  body: dataBody(Type.Unsafe({ $ref: 'ClassicalRequest#' }), XY),
  response: {
    200: {
      description: 'One estimate per method',
      content: { 'application/json': { schema: { $ref: 'ClassicalReply#' } } },
    },
    ...problemResponses(...DATA_ERRORS, ...HELPER_ERRORS),
  },
};
