import { type Static, Type } from 'typebox';
import { XY } from '../../../formats/table/layout.js';
import { estimatorReply } from '../../../http/reply-schema.js';
import { asGiven } from '../../../http/request-schema.js';
import { dataFields, dataMatrix, SamplesReply } from '../../../http/samples-schema.js';
import {
  analysisOptions,
  analysisReply,
  analysisReplyExample,
  analysisRoute,
  briefReply,
  earlyStopOption,
  permutationsOption,
  testReply,
} from '../analysis-schema.js';

export const IndependenceOptions = Type.Object(
  {
    ...analysisOptions,
    permutations: Type.Integer({
      ...permutationsOption('Largest number of draws of the permutation test', { default: 999 }),
      minimum: 1,
    }),
    early_stop: earlyStopOption,
  },
  { $id: 'IndependenceOptions', additionalProperties: false },
);

const requestExamples = [
  {
    x: [58.1, 61.4, 49.9, 72.3, 66, 54.2, 80.5, 45.7, 69.8, 63.3, 51, 77.6],
    y: [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52, 1.74, 1.71, 1.57, 1.8],
    permutations: 199,
  },
];

const IndependenceRequest = Type.Object(
  {
    x: dataMatrix,
    y: dataMatrix,
    ...dataFields,
    ...asGiven(IndependenceOptions.properties),
  },
  { $id: 'IndependenceRequest', additionalProperties: false, examples: requestExamples },
);

const IndependenceReply = Type.Object(
  {
    ...briefReply,
    estimator: estimatorReply,
    ...testReply,
    samples: SamplesReply,
    ...analysisReply,
  },
  {
    $id: 'IndependenceReply',
    examples: [
      {
        estimate: 0.004,
        interval: { level: 0.9, lower: 0, upper: 0.021 },
        information_correlation: 0.089,
        estimator: 'model' as const,
        p_value: 0.33,
        p_value_error: 0.06,
        permutations: 61,
        samples: { rows: 442, dim_x: 1, dim_y: 1, dropped: 0 },
        ...analysisReplyExample,
      },
    ],
  },
);

export type IndependenceReply = Static<typeof IndependenceReply>;

export const independenceRoute = analysisRoute(
  { url: '/estimate/independence', layout: XY, options: IndependenceOptions },
  { request: IndependenceRequest, reply: IndependenceReply },
  {
    operationId: 'testIndependence',
    summary: 'Test whether x and y are independent',
    description:
      'Runs a permutation test of the estimate. The test is exact for independent observations, whatever the distribution of the columns. It stops early if the p-value is large (Besag and Clifford 1991).',
  },
);
