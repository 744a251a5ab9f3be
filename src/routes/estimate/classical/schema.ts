import { type Static, Type } from 'typebox';
import { CLASSICAL_METHODS } from '../../../classical/classical.js';
import { WARNING_CODES } from '../../../estimation/warnings.js';
import { dataOptions } from '../../../formats/table/data.js';
import { PAIR } from '../../../formats/table/layout.js';
import { DATA_ERRORS, dataBody, dataFields, dataQuery, SamplesReply } from '../../../http/samples-schema.js';
import { EstimateOptions } from '../schema.js';
import { problemResponses } from '../../../http/problem-schema.js';

const { unit, id } = EstimateOptions.properties;

/** Everything a client may ask beside the samples. */
export const ClassicalOptions = Type.Object(
  {
    methods: Type.Array(Type.Enum([...CLASSICAL_METHODS]), {
      default: ['ksg1', 'ksg2', 'cca', 'gaussian_copula', 'plugin'],
      minItems: 1,
      maxItems: CLASSICAL_METHODS.length,
      uniqueItems: true,
      description:
        'ksg1, ksg2: nearest neighbors (Kraskov et al. 2004). cca: as if jointly normal. gaussian_copula: the same of normal scores, shrunk (Ledoit & Wolf). plugin: frequencies, columns of more than 20 values cut into bins. miller_madow: plugin less its bias',
    }),
    k: Type.Integer({
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: 'Neighbor of ksg1 and ksg2, below the number of rows',
    }),
    bins: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 1000,
        description: 'Of a column that plugin cuts; √(rows / 5), in 2…50, by default',
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
          description: 'Gives each estimate a percentile interval',
        },
      ),
    ),
    unit,
    seed: Type.Integer({
      minimum: 0,
      maximum: 2 ** 32 - 1,
      default: 0,
      description: 'Decides the resamples; the same request gives the same answer',
    }),
    id,
  },
  { additionalProperties: false },
);

const { methods, k, bins, bootstrap, seed } = ClassicalOptions.properties;

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
    x: Type.Unsafe({ $ref: 'DataMatrix#' }),
    y: Type.Unsafe({ $ref: 'DataMatrix#' }),
    ...dataFields,
    methods: Type.Optional(methods),
    k: Type.Optional(k),
    bins,
    bootstrap,
    unit: Type.Optional(unit),
    seed: Type.Optional(seed),
    id,
  },
  { $id: 'ClassicalRequest', additionalProperties: false, examples: requestExamples },
);

const milliseconds = (description: string) => Type.Number({ minimum: 0, description });

const ClassicalReply = Type.Object(
  {
    estimates: Type.Array(
      Type.Object({
        method: Type.Enum([...CLASSICAL_METHODS]),
        estimate: Type.Union([Type.Number(), Type.Null()], {
          description:
            'Below 0 where chance takes a KSG estimate there; null where the method has no answer: cca of columns that fit exactly',
        }),
        interval: Type.Optional(
          Type.Object({
            level: Type.Number(),
            lower: Type.Number(),
            upper: Type.Number(),
            resampling: Type.Enum(['bootstrap', 'half_samples'], {
              description:
                'Rows drawn with replacement; or halves of the rows without, for ksg1 and ksg2, which take a repeated row for dependence',
            }),
          }),
        ),
      }),
      { description: 'In the order asked' },
    ),
    unit,
    samples: SamplesReply,
    warnings: Type.Array(
      Type.Object({ code: Type.Enum([...WARNING_CODES]), message: Type.String() }),
    ),
    timing: Type.Object({
      parse_ms: milliseconds('Reading and checking the body'),
      estimate_ms: milliseconds('Waiting for a thread, and the estimates'),
      total_ms: milliseconds("From the request's arrival, its upload included"),
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
        id: '6f1d3c1e-7f0c-4c39-9d0a-2f4d7f0f3b52',
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
    'A second opinion on /estimate, on the same samples. KSG standardizes columns and adds no noise; estimates are not cut at 0.',
  querystring: dataQuery(PAIR, { ...dataOptions, ...ClassicalOptions.properties }),
  body: dataBody(Type.Unsafe({ $ref: 'ClassicalRequest#' }), PAIR),
  response: {
    200: {
      description: 'An estimate by each method',
      content: { 'application/json': { schema: { $ref: 'ClassicalReply#' } } },
    },
    ...problemResponses(
      ...DATA_ERRORS,
      'internal_error',
      'queue_full',
      'shutting_down',
      'deadline_exceeded',
    ),
  },
};
