import { type Static, Type } from 'typebox';
import { SELECTION_METHODS, TARGET_TYPES } from '../../../estimation/screen.js';
import { TARGET } from '../../../formats/table/layout.js';
import { estimatorReply } from '../../../http/reply-schema.js';
import { asGiven } from '../../../http/request-schema.js';
import { dataFields, dataMatrix, TableReply } from '../../../http/samples-schema.js';
import {
  analysisOptions,
  analysisReply,
  analysisReplyExample,
  analysisRoute,
  briefReply,
  namedColumns,
  permutationsOption,
  probability,
} from '../analysis-schema.js';

const Select = Type.Object(
  {
    method: Type.Enum([...SELECTION_METHODS], {
      description:
        'mrmr: the information of a feature about the target, minus its mean information with the features already chosen. conditional: the information that a feature adds to those already chosen',
    }),
    k: Type.Integer({ minimum: 1, description: 'Number of features to choose' }),
  },
  { additionalProperties: false },
);

export const ScreenOptions = Type.Object(
  {
    ...analysisOptions,
    permutations: Type.Optional(
      permutationsOption(
        'Number of draws of each null distribution; default: 1,000, or 200 if names with several columns need more than one null distribution; 0 for no p-values',
      ),
    ),
    target_type: Type.Optional(
      Type.Enum([...TARGET_TYPES], {
        description:
          'classes: the values are labels without an order. Default: classes for a single column of strings or booleans, or with at most 10 distinct values that each appear 10 times on average; numeric for all other targets',
      }),
    ),
    select: Type.Optional(Select),
  },
  { $id: 'ScreenOptions', additionalProperties: false },
);

const requestExamples = [
  {
    features: {
      bmi: [32.1, 21.6, 30.5, 25.3, 23, 22.6, 22, 26.2, 32.1, 30, 18.6, 28],
      bp: [101, 87, 93, 84, 101, 89, 90, 114, 83, 85, 97, 85],
      age: [59, 48, 72, 24, 50, 23, 36, 66, 60, 29, 22, 56],
    },
    target: [151, 75, 141, 206, 135, 97, 138, 63, 110, 310, 101, 69],
    select: { method: 'mrmr', k: 2 },
    permutations: 200,
  },
];

const ScreenRequest = Type.Object(
  {
    ...namedColumns(
      'features',
      'Values of each feature: one value per row, or rows if the feature has several columns',
    ),
    target: dataMatrix,
    ...dataFields,
    ...asGiven(ScreenOptions.properties),
  },
  { $id: 'ScreenRequest', additionalProperties: false, examples: requestExamples },
);

const feature = {
  estimate: 0.191,
  interval: { level: 0.9, lower: 0.127, upper: 0.257 },
  information_correlation: 0.564,
};

const ScreenReply = Type.Object(
  {
    ranking: Type.Array(
      Type.Object({
        name: Type.String(),
        ...briefReply,
        estimator: estimatorReply,
        uncertainty_coefficient: Type.Optional(
          probability('Share of the target’s entropy that the feature explains; only for classes'),
        ),
        p_value: Type.Optional(probability('p-value of independence')),
        q_value: Type.Optional(
          probability('p_value adjusted for all features by Benjamini and Hochberg'),
        ),
        rows: Type.Optional(
          Type.Integer({
            description: 'Number of rows of this estimate, if missing is drop_pairwise',
          }),
        ),
      }),
      { description: 'Most informative first' },
    ),
    selected: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          score: Type.Number({ description: 'Value of the criterion by which it was chosen' }),
          joint: Type.Object(briefReply, {
            description:
              'Joint information of the feature and those chosen before it about the target',
          }),
        }),
        { description: 'In the order in which they were chosen' },
      ),
    ),
    target_type: Type.Enum([...TARGET_TYPES]),
    target_entropy: Type.Optional(
      Type.Number({ minimum: 0, description: 'Entropy of the target; only for classes' }),
    ),
    samples: TableReply,
    ...analysisReply,
  },
  {
    $id: 'ScreenReply',
    examples: [
      {
        ranking: [
          {
            name: 'bmi',
            ...feature,
            estimator: 'model' as const,
            p_value: 1.2e-12,
            q_value: 1.2e-11,
          },
        ],
        selected: [{ name: 'bmi', score: 0.191, joint: feature }],
        target_type: 'numeric' as const,
        samples: { rows: 442, dropped: 0 },
        ...analysisReplyExample,
      },
    ],
  },
);

export type ScreenReply = Static<typeof ScreenReply>;

export const screenRoute = analysisRoute(
  { url: '/estimate/screen', layout: TARGET, options: ScreenOptions },
  { request: ScreenRequest, reply: ScreenReply, problems: ['too_few_columns'] },
  {
    operationId: 'screen',
    summary:
      'Rank features by their mutual information with a target, and choose an informative subset',
    description:
      'Returns estimates with intervals, p-values and q-values, the most informative feature first. If the target holds classes, each feature also gets the share of their entropy that it explains.',
  },
);
