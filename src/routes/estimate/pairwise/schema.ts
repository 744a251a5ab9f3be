import { type Static, Type } from 'typebox';
import { TABLE } from '../../../formats/table/layout.js';
import { asGiven } from '../../../http/request-schema.js';
import { dataFields, TableReply } from '../../../http/samples-schema.js';
import {
  analysisOptions,
  analysisReply,
  analysisReplyExample,
  analysisRoute,
  namedColumns,
  permutationsOption,
} from '../analysis-schema.js';

export const PairwiseOptions = Type.Object(
  {
    ...analysisOptions,
    permutations: Type.Optional(
      permutationsOption(
        'Number of draws of each null distribution; default: 1,000, or 200 if names with several columns need more than one null distribution; 0 for no p-values',
      ),
    ),
  },
  { $id: 'PairwiseOptions', additionalProperties: false },
);

const requestExamples = [
  {
    columns: {
      bmi: [32.1, 21.6, 30.5, 25.3, 23, 22.6, 22, 26.2, 32.1, 30, 18.6, 28],
      bp: [101, 87, 93, 84, 101, 89, 90, 114, 83, 85, 97, 85],
      progression: [151, 75, 141, 206, 135, 97, 138, 63, 110, 310, 101, 69],
    },
    permutations: 200,
    unit: 'bits',
  },
  {
    data: [
      [32.1, 101, 151],
      [21.6, 87, 75],
      [30.5, 93, 141],
      [25.3, 84, 206],
      [23, 101, 135],
      [22.6, 89, 97],
    ],
    names: ['bmi', 'bp', 'progression'],
    permutations: 0,
  },
];

const PairwiseRequest = Type.Object(
  {
    ...namedColumns(
      'columns',
      'Values of each name: one value per row, or rows if the name has several columns',
    ),
    ...dataFields,
    ...asGiven(PairwiseOptions.properties),
  },
  { $id: 'PairwiseRequest', additionalProperties: false, examples: requestExamples },
);

const Square = (description: string) =>
  Type.Array(Type.Array(Type.Unsafe<number | null>({ type: ['number', 'null'] })), {
    description: `${description}; symmetric, with null on the diagonal`,
  });

const PairwiseReply = Type.Object(
  {
    names: Type.Array(Type.String(), {
      description: 'Names of the rows and columns of the matrices',
    }),
    estimate: Square('Medians of the mutual information'),
    level: Type.Number(),
    lower: Square('Lower ends of the intervals'),
    upper: Square('Upper ends of the intervals'),
    information_correlation: Square('sqrt(1 − exp(−2 I)), I in nats'),
    p_value: Type.Optional(Square('p-values of independence')),
    rows: Type.Optional(Square('Number of rows of each pair, if missing is drop_pairwise')),
    q_value: Type.Optional(Square('p-values adjusted for all pairs by Benjamini and Hochberg')),
    samples: TableReply,
    ...analysisReply,
  },
  {
    $id: 'PairwiseReply',
    examples: [
      {
        names: ['bmi', 'bp'],
        estimate: [
          [null, 0.094],
          [0.094, null],
        ],
        level: 0.9,
        lower: [
          [null, 0.06],
          [0.06, null],
        ],
        upper: [
          [null, 0.14],
          [0.14, null],
        ],
        information_correlation: [
          [null, 0.41],
          [0.41, null],
        ],
        p_value: [
          [null, 2.1e-9],
          [2.1e-9, null],
        ],
        q_value: [
          [null, 2.1e-9],
          [2.1e-9, null],
        ],
        samples: { rows: 442, dropped: 0 },
        ...analysisReplyExample,
      },
    ],
  },
);

export type PairwiseReply = Static<typeof PairwiseReply>;

export const pairwiseRoute = analysisRoute(
  { url: '/estimate/pairwise', layout: TABLE, options: PairwiseOptions },
  { request: PairwiseRequest, reply: PairwiseReply, problems: ['too_few_columns'] },
  {
    operationId: 'estimatePairwise',
    summary: 'Estimate the mutual information of every pair of columns',
    description:
      'Returns symmetric matrices of estimates, intervals, p-values and q-values. The p-value of an estimate beyond most draws of its null distribution is extrapolated from the largest draws; see docs/analyses.md.',
  },
);
