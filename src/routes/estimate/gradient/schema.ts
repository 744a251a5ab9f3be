import { type Static, Type } from 'typebox';
import { asGiven } from '../../../http/request-schema.js';
import {
  analysisOptions,
  analysisReply,
  analysisReplyExample,
  jsonAnalysisSchema,
} from '../analysis-schema.js';

/** One side of finite numbers. */
const matrix = Type.Unsafe({ $ref: 'Matrix#' });

const { unit, model, seed, id } = analysisOptions;

export const GradientOptions = Type.Object(
  {
    tau: Type.Number({
      // The model computes in single precision, which cannot resolve values closer to 1.
      minimum: 1e-6,
      maximum: 1 - 1e-6,
      default: 0.5,
      description:
        'The quantile to differentiate; 0.5 is the estimate, lower ones are more cautious',
    }),
    unit,
    model,
    seed,
    id,
  },
  { $id: 'GradientOptions', additionalProperties: false },
);

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
    model: 'mist-paper',
  },
];

const GradientRequest = Type.Object(
  {
    x: matrix,
    y: matrix,
    ...asGiven(GradientOptions.properties),
  },
  { $id: 'GradientRequest', additionalProperties: false, examples: requestExamples },
);

/** The fields of a body, for the reader of bodies. */
export const GRADIENT_FIELDS = Object.keys(GradientRequest.properties);

const Gradient = Type.Union([Type.Array(Type.Number()), Type.Array(Type.Array(Type.Number()))], {
  description:
    'd estimate / d sample, in the shape of the side, in information units per unit of the column',
});

const GradientReply = Type.Object(
  {
    estimate: Type.Number({ minimum: 0, description: 'The quantile at tau' }),
    tau: Type.Number(),
    grad_x: Gradient,
    grad_y: Gradient,
    samples: Type.Object({
      rows: Type.Integer(),
      dim_x: Type.Integer(),
      dim_y: Type.Integer(),
    }),
    ...analysisReply,
  },
  {
    $id: 'GradientReply',
    examples: [
      {
        estimate: 0.83,
        tau: 0.5,
        grad_x: [
          [-0.004, 0.02],
          [0.004, -0.02],
        ],
        grad_y: [0.4, -0.4],
        samples: { rows: 2, dim_x: 2, dim_y: 1 },
        ...analysisReplyExample,
      },
    ],
  },
);

export type GradientReply = Static<typeof GradientReply>;

export const gradientSchemas = [GradientRequest, GradientReply];

export const gradientRoute = jsonAnalysisSchema(
  { request: GradientRequest, reply: GradientReply, problems: ['no_gradient'] },
  {
    operationId: 'gradient',
    summary: 'Differentiate the mutual information of x and y with respect to every sample',
    description:
      'Returns how the estimate changes with each number of x and y, in the shapes of x and y. Ranks change in steps, so the derivative uses ranks smoothed by a Gaussian kernel with the bandwidth of Silverman (1986, equation 3.31); the estimate itself is exactly that of POST /estimate. Columns that the estimate ignores have derivative 0.',
  },
);
