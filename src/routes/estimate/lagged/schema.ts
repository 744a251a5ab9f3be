import { type Static, Type } from 'typebox';
import { SERIES } from '../../../formats/table/layout.js';
import { asGiven } from '../../../http/request-schema.js';
import { dataFields, dataMatrix, SamplesReply } from '../../../http/samples-schema.js';
import {
  analysisOptions,
  analysisReply,
  analysisReplyExample,
  analysisRoute,
  briefReply,
  earlyStopOption,
  optionalTestReply,
  permutationsOption,
  probability,
} from '../analysis-schema.js';

const embedding = (description: string) =>
  Type.Integer({ minimum: 1, maximum: 32, default: 1, description });

const History = Type.Object(
  {
    source: embedding('Number of past rows of the source'),
    target: embedding('Number of past rows of the target'),
  },
  { additionalProperties: false, description: 'Embedding lengths of transfer entropy' },
);

export const LaggedOptions = Type.Object(
  {
    ...analysisOptions,
    lags: Type.Array(Type.Integer(), {
      minItems: 1,
      maxItems: 201,
      uniqueItems: true,
      default: [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5],
      description: 'Lags: the number of rows by which x leads y, negative if y leads x',
    }),
    history: Type.Object(History.properties, { additionalProperties: false, default: {} }),
    permutations: permutationsOption(
      'Number of draws of the null distribution of the lags, and largest number of draws of each test of transfer entropy; 0 for no tests',
      { default: 199 },
    ),
    early_stop: earlyStopOption,
    block_length: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Number of rows per block in the permutations for the lags; default: the square root of the number of rows',
      }),
    ),
  },
  { $id: 'LaggedOptions', additionalProperties: false },
);

const requestExamples = [
  {
    x: [
      0.3, -0.6, 1.1, 0.4, -1.2, 0.8, 1.5, -0.2, -0.9, 0.1, 0.7, -1.4, 0.5, 1.2, -0.3, -0.8, 0.9,
      1.3, -0.5, 0.2, -1.1, 0.6, 1, -0.7,
    ],
    y: [
      0.5, 0.1, -0.4, 0.9, 0.3, -0.8, 0.6, 1.2, 0, -0.7, 0.2, 0.4, -1, 0.3, 0.9, -0.1, -0.6, 0.7,
      1.1, -0.3, 0.3, -0.9, 0.4, 0.8,
    ],
    lags: [-2, -1, 0, 1, 2],
    history: { source: 1, target: 2 },
    permutations: 39,
  },
];

const LaggedRequest = Type.Object(
  {
    x: dataMatrix,
    y: dataMatrix,
    ...dataFields,
    ...asGiven(LaggedOptions.properties),
  },
  { $id: 'LaggedRequest', additionalProperties: false, examples: requestExamples },
);

const brief = {
  estimate: 0.31,
  interval: { level: 0.9, lower: 0.25, upper: 0.38 },
  information_correlation: 0.68,
};

const auto = (description: string) =>
  Type.Array(Type.Object({ lag: Type.Integer(), ...briefReply }), { description });

const transferEntropy = (description: string) =>
  Type.Object({ ...briefReply, ...optionalTestReply }, { description });

const LaggedReply = Type.Object(
  {
    lags: Type.Array(
      Type.Object({
        lag: Type.Integer({ description: 'Number of rows by which x leads y' }),
        ...briefReply,
        p_value: Type.Optional(
          probability('p-value of independence, from permuted blocks of rows'),
        ),
        q_value: Type.Optional(
          probability('p_value adjusted for all lags by Benjamini and Hochberg'),
        ),
      }),
      { description: 'In the order of the request' },
    ),
    best_lag: Type.Integer({ description: 'The lag with the largest estimate' }),
    auto: Type.Object(
      {
        x: auto('Mutual information of x and its own value lag rows earlier'),
        y: auto('Mutual information of y and its own value lag rows earlier'),
      },
      { description: 'For each absolute value of a lag' },
    ),
    transfer_entropy: Type.Object({
      x_to_y: transferEntropy('Information that the past of x adds about y to the past of y'),
      y_to_x: transferEntropy('Information that the past of y adds about x to the past of x'),
    }),
    block_length: Type.Integer({
      description: 'Number of rows per block in the permutations for the lags',
    }),
    samples: SamplesReply,
    ...analysisReply,
  },
  {
    $id: 'LaggedReply',
    examples: [
      {
        lags: [{ lag: 1, ...brief, p_value: 1.3e-6, q_value: 6.5e-6 }],
        best_lag: 1,
        auto: { x: [{ lag: 1, ...brief }], y: [{ lag: 1, ...brief }] },
        transfer_entropy: {
          x_to_y: { ...brief, p_value: 0.005, p_value_error: 0.005, permutations: 199 },
          y_to_x: { ...brief, p_value: 0.48, p_value_error: 0.08, permutations: 42 },
        },
        block_length: 23,
        samples: { rows: 500, dim_x: 1, dim_y: 1, dropped: 0 },
        ...analysisReplyExample,
      },
    ],
  },
);

export type LaggedReply = Static<typeof LaggedReply>;

export const laggedRoute = analysisRoute(
  { url: '/estimate/lagged', layout: SERIES, options: LaggedOptions },
  { request: LaggedRequest, reply: LaggedReply },
  {
    operationId: 'estimateLagged',
    summary:
      'Estimate the mutual information of two time series over a range of lags, and transfer entropy',
    description:
      'Rows are moments in the order of time. All lags are estimated from the same moments. Transfer entropy is the conditional mutual information of the present of one series and the past of the other series, given the past of the first.',
  },
);
