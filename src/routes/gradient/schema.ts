import { type Static, Type } from 'typebox';
import { UNITS } from '../../estimation/units.js';
import {
  ESTIMATE_ERRORS,
  id,
  model,
  SamplesRead,
  seed,
  Timing,
  unit,
  Warnings,
} from '../estimate/schema.js';
import { modelExample } from '../models/schema.js';
import { problemResponses } from '../problem.js';

/** Everything a client may ask beside the samples. */
export const GradientOptions = Type.Object(
  {
    tau: Type.Number({
      // Single precision, in which the model computes, tells nothing closer to 1 from 1.
      minimum: 1e-6,
      maximum: 1 - 1e-6,
      default: 0.5,
      description: 'The quantile to differentiate; 0.5 is the estimate, less is a cautious one',
    }),
    unit,
    model,
    seed,
    id,
  },
  { additionalProperties: false },
);

const { tau } = GradientOptions.properties;

const Matrix = Type.Unsafe<number[] | number[][]>({ $ref: 'Matrix#' });

const requestExamples = [
  {
    x: [
      [58.1, 0.2],
      [61.4, 1.1],
      [49.9, 0.7],
      [72.3, 0.4],
      [66, 1.3],
      [54.2, 0.1],
      [80.5, 0.9],
      [45.7, 0.6],
    ],
    y: [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52],
  },
];

/** The same options with those optional that have a default. */
const GradientRequest = Type.Object(
  { x: Matrix, y: Matrix, tau: Type.Optional(tau), unit: Type.Optional(unit), model, seed, id },
  { $id: 'GradientRequest', additionalProperties: false, examples: requestExamples },
);

/** The fields of a body, for the reader of bodies. */
export const GRADIENT_FIELDS = Object.keys(GradientRequest.properties);

const replyExample = {
  estimate: 0.83,
  tau: 0.5,
  unit: 'nats',
  grad_x: [
    [-0.004, 0.02],
    [0.007, -0.011],
  ],
  grad_y: [0.4, -0.4],
  model: modelExample,
  samples: { rows: 2, dim_x: 2, dim_y: 1, dropped: 0 },
  warnings: [],
  timing: { parse_ms: 0.3, queue_ms: 0.1, encode_ms: 0.4, inference_ms: 6.2, total_ms: 7.8 },
  id: '6f1d3c1e-7f0c-4c39-9d0a-2f4d7f0f3b52',
};

const GradientReply = Type.Object(
  {
    estimate: Type.Number({ minimum: 0, description: 'The quantile at tau' }),
    tau: Type.Number(),
    unit: Type.Enum([...UNITS]),
    grad_x: Type.Unsafe<number[] | number[][]>({
      $ref: 'Matrix#',
      description: 'd estimate / d x in the shape of x, in the unit per unit of each column',
    }),
    grad_y: Matrix,
    model: Type.Unsafe<{ id: string; version: string; sha256: string }>({
      $ref: 'ModelIdentity#',
    }),
    samples: SamplesRead,
    warnings: Warnings,
    timing: Timing,
    id: Type.String(),
  },
  { $id: 'GradientReply', examples: [replyExample] },
);

export type GradientReply = Static<typeof GradientReply>;

export const gradientSchemas = [GradientRequest, GradientReply];

export const gradientRoute = {
  tags: ['estimates'],
  operationId: 'gradient',
  summary: 'Differentiate the mutual information of x and y with respect to every sample',
  description:
    'How the estimate would change with each number of x and y. Ranks change in steps, so the derivative is that of ranks smoothed by a Gaussian kernel with the bandwidth of Silverman (1986, equation 3.31); the estimate itself is exactly that of /estimate. Columns that the estimate leaves out have derivative 0.',
  querystring: Type.Object({}, { additionalProperties: false }),
  body: { content: { 'application/json': { schema: { $ref: 'GradientRequest#' } } } },
  response: {
    200: {
      description: 'The estimate and its derivatives',
      content: { 'application/json': { schema: { $ref: 'GradientReply#' } } },
    },
    ...problemResponses(...ESTIMATE_ERRORS, 'no_gradient'),
  },
};
