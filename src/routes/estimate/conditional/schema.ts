import { type Static, Type } from 'typebox';
import { TRIPLE } from '../../../formats/table/layout.js';
import { interval } from '../../../http/reply-schema.js';
import { asGiven } from '../../../http/request-schema.js';
import { dataFields, dataMatrix, TripleReply } from '../../../http/samples-schema.js';
import {
  analysisOptions,
  analysisReply,
  analysisReplyExample,
  analysisRoute,
  briefReply,
  earlyStopOption,
  optionalTestReply,
  permutationsOption,
} from '../analysis-schema.js';
import { EstimateOptions } from '../schema.js';

export const ConditionalOptions = Type.Object(
  {
    quantiles: EstimateOptions.properties.quantiles,
    ...analysisOptions,
    permutations: permutationsOption(
      'Largest number of draws of the test of conditional independence; 0 for no test',
      { default: 199 },
    ),
    early_stop: earlyStopOption,
  },
  { $id: 'ConditionalOptions', additionalProperties: false },
);

const requestExamples = [
  {
    x: [32.1, 21.6, 30.5, 25.3, 23, 22.6, 22, 26.2, 32.1, 30, 18.6, 28],
    y: [151, 75, 141, 206, 135, 97, 138, 63, 110, 310, 101, 69],
    z: [
      [59, 101],
      [48, 87],
      [72, 93],
      [24, 84],
      [50, 101],
      [23, 89],
      [36, 90],
      [66, 114],
      [60, 83],
      [29, 85],
      [22, 97],
      [56, 85],
    ],
    permutations: 99,
  },
];

const ConditionalRequest = Type.Object(
  {
    x: dataMatrix,
    y: dataMatrix,
    z: dataMatrix,
    ...dataFields,
    ...asGiven(ConditionalOptions.properties),
  },
  { $id: 'ConditionalRequest', additionalProperties: false, examples: requestExamples },
);

const ConditionalReply = Type.Object(
  {
    estimate: briefReply.estimate,
    mean: Type.Number({ minimum: 0 }),
    median: Type.Number({ minimum: 0 }),
    interval: interval(),
    quantiles: Type.Array(Type.Object({ tau: Type.Number(), value: Type.Number({ minimum: 0 }) }), {
      description: 'In the order of the request',
    }),
    information_correlation: briefReply.information_correlation,
    ...optionalTestReply,
    unconditional: Type.Object(briefReply, { description: 'I(X; Y)' }),
    interaction_information: Type.Object(
      { estimate: Type.Number(), interval: interval() },
      {
        description:
          'I(X; Y | Z) − I(X; Y): positive if z reveals dependence, negative if z explains it',
      },
    ),
    samples: TripleReply,
    ...analysisReply,
  },
  {
    $id: 'ConditionalReply',
    examples: [
      {
        estimate: 0.081,
        mean: 0.084,
        median: 0.081,
        interval: { level: 0.9, lower: 0.01, upper: 0.16 },
        quantiles: [{ tau: 0.5, value: 0.081 }],
        information_correlation: 0.387,
        p_value: 0.005,
        p_value_error: 0.005,
        permutations: 199,
        unconditional: {
          estimate: 0.191,
          interval: { level: 0.9, lower: 0.127, upper: 0.257 },
          information_correlation: 0.564,
        },
        interaction_information: {
          estimate: -0.11,
          interval: { level: 0.9, lower: -0.2, upper: -0.01 },
        },
        samples: { rows: 442, dim_x: 1, dim_y: 1, dim_z: 2, dropped: 0 },
        ...analysisReplyExample,
      },
    ],
  },
);

export type ConditionalReply = Static<typeof ConditionalReply>;

export const conditionalRoute = analysisRoute(
  { url: '/estimate/conditional', layout: TRIPLE, options: ConditionalOptions },
  { request: ConditionalRequest, reply: ConditionalReply },
  {
    operationId: 'estimateConditional',
    summary: 'Estimate the conditional mutual information of x and y given z',
    description:
      'Uses the chain rule twice, as I(X; (Y, Z)) − I(X; Z) and as I(Y; (X, Z)) − I(Y; Z). The test of conditional independence exchanges rows of x among rows with similar z (Runge 2018).',
  },
);
