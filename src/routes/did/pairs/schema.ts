import { type Static, Type } from 'typebox';
import { REQUEST_ID_EXAMPLE } from '../../../http/reply-schema.js';
import { asGiven, idOption } from '../../../http/request-schema.js';
import { LOSSES } from '../../../preference/losses.js';
import { pairsField } from '../input-schema.js';
import {
  beta,
  betaFit,
  bins,
  type ClusteredMean,
  calibration,
  didRoute,
  level,
  OrNull,
  replyEnd,
  timingExample,
} from '../schema.js';

/** The options of a request, apart from the pairs. */
export const PairsOptions = Type.Object(
  {
    beta,
    loss: Type.Enum([...LOSSES], { default: 'sigmoid' }),
    label_smoothing: Type.Number({
      minimum: 0,
      exclusiveMaximum: 0.5,
      default: 0,
      description: 'ε of the robust loss: the share of flipped labels',
    }),
    level,
    bins,
    per_pair: Type.Boolean({
      default: false,
      description: 'Whether to return the figures of each pair too, for at most MAX_ROWS pairs',
    }),
    id: idOption,
  },
  { additionalProperties: false },
);

const options = asGiven(PairsOptions.properties);

const requestExamples = [
  {
    beta: 0.1,
    pairs: [
      {
        prompt_id: 'capital-of-peru',
        chosen_logps: -14.2,
        rejected_logps: -31.7,
        ref_chosen_logps: -13.6,
        ref_rejected_logps: -22.1,
        chosen_tokens: 9,
        rejected_tokens: 14,
      },
      {
        prompt_id: 'haiku',
        chosen_logps: [-1.9, -0.4, -2.7, -0.2, -3.1],
        rejected_logps: [-2.2, -1.3, -0.9, -4.4],
        ref_chosen_logps: [-2.5, -0.6, -2.4, -0.2, -3.3],
        ref_rejected_logps: [-1.8, -1.1, -0.8, -3.9],
      },
      {
        prompt_id: 'haiku',
        chosen_logps: { token_logprobs: [-2.2, -0.7, -1.9] },
        rejected_logps: {
          prompt_logprobs: [null, { 40: { logprob: -3 } }, { 7: { logprob: -2 } }],
          completion_start: 1,
        },
        ref_chosen_logps: { content: [{ logprob: -2 }, { logprob: -0.8 }, { logprob: -1.4 }] },
        ref_rejected_logps: [-2.6, -2.3],
      },
    ],
  },
  {
    loss: 'robust',
    label_smoothing: 0.1,
    per_pair: true,
    pairs: {
      chosen_logps: [-41.2, -38.7, -52],
      rejected_logps: [-44, -37.9, -60.4],
      ref_chosen_logps: [-40.8, -39.9, -51.1],
      ref_rejected_logps: [-41.5, -38.4, -55.2],
    },
  },
];

const PairsRequest = Type.Object(
  { pairs: pairsField, ...options },
  { $id: 'DidPairsRequest', additionalProperties: false, examples: requestExamples },
);

const mean = Type.Unsafe<Static<typeof ClusteredMean>>({ $ref: 'ClusteredMean#' });

const meanOf = (value: number, error: number) => ({
  mean: value,
  standard_error: error,
  lower: value - 1.645 * error,
  upper: value + 1.645 * error,
});

const replyExample = {
  beta: 0.1,
  loss: 'sigmoid',
  pairs: 5000,
  prompts: 1250,
  level: 0.9,
  metrics: {
    loss: meanOf(0.651, 0.004),
    'rewards/chosen': meanOf(-0.044, 0.006),
    'rewards/rejected': meanOf(-0.151, 0.007),
    'rewards/accuracies': meanOf(0.611, 0.008),
    'rewards/margins': meanOf(0.107, 0.008),
    'logps/chosen': meanOf(-61.4, 0.5),
    'logps/rejected': meanOf(-64.9, 0.5),
    'logps/ref_chosen': meanOf(-61, 0.5),
    'logps/ref_rejected': meanOf(-63.4, 0.5),
  },
  ties: meanOf(0.001, 0.0004),
  preference_probability: meanOf(0.526, 0.002),
  displacement: {
    chosen_log_ratio: meanOf(-0.44, 0.06),
    rejected_log_ratio: meanOf(-1.51, 0.07),
    chosen_fell: meanOf(0.55, 0.01),
    rejected_fell: meanOf(0.68, 0.01),
    both_fell: meanOf(0.38, 0.01),
  },
  beta_fit: {
    status: 'fitted',
    beta: 0.14,
    standard_error: 0.01,
    clustered_standard_error: 0.012,
    lower: 0.12,
    upper: 0.16,
    loss: 0.648,
  },
  information: {
    nats: meanOf(0.042, 0.004),
    bits: meanOf(0.061, 0.006),
    at_fitted_beta: { nats: 0.045, bits: 0.065 },
  },
  calibration: {
    bins: [
      {
        lower: 0.5,
        upper: 0.512,
        pairs: 500,
        predicted: 0.506,
        observed: 0.52,
        standard_error: 0.022,
      },
    ],
    expected_error: 0.02,
  },
  warnings: [],
  timing: timingExample,
  id: REQUEST_ID_EXAMPLE,
};

const bound = Type.Object({ nats: Type.Number(), bits: Type.Number() });

const PairsReply = Type.Object(
  {
    beta: Type.Number(),
    loss: Type.Enum([...LOSSES]),
    pairs: Type.Integer(),
    prompts: Type.Integer({ description: 'Number of prompts, by which intervals are clustered' }),
    level: Type.Number(),
    metrics: Type.Object(
      {
        loss: mean,
        'rewards/chosen': mean,
        'rewards/rejected': mean,
        'rewards/accuracies': mean,
        'rewards/margins': mean,
        'logps/chosen': mean,
        'logps/rejected': mean,
        'logps/ref_chosen': mean,
        'logps/ref_rejected': mean,
      },
      { description: 'Named as TRL logs them; a tie does not count as a win' },
    ),
    ties: mean,
    preference_probability: mean,
    displacement: Type.Object(
      {
        chosen_log_ratio: mean,
        rejected_log_ratio: mean,
        chosen_fell: mean,
        rejected_fell: mean,
        both_fell: mean,
      },
      {
        description:
          'log(π/π_ref) of each side, and how often it is negative. Chosen completions that were drawn from π_ref lose log-likelihood on average: KL(π_ref‖π)',
      },
    ),
    beta_fit: betaFit,
    information: Type.Object(
      {
        nats: mean,
        bits: mean,
        at_fitted_beta: OrNull(bound, 'At the fitted β; null if no finite β fits'),
      },
      {
        description:
          'ln 2 − E[−log σ(βδ)]: on held-out pairs, a lower bound on the information that a pair carries about which side was chosen (at most 1 bit)',
      },
    ),
    calibration,
    per_pair: Type.Optional(
      Type.Array(
        Type.Object({
          chosen_reward: Type.Number(),
          rejected_reward: Type.Number(),
          margin: Type.Number(),
          preference_probability: Type.Number(),
          loss: Type.Number(),
        }),
      ),
    ),
    ...replyEnd,
  },
  { $id: 'DidPairsReply', examples: [replyExample] },
);

export type PairsReply = Static<typeof PairsReply>;

export const pairsSchemas = [PairsRequest, PairsReply];

const rowsExample = [
  {
    prompt_id: 'p1',
    chosen_logps: -41.2,
    rejected_logps: -44,
    ref_chosen_logps: -40.8,
    ref_rejected_logps: -41.5,
  },
  {
    prompt_id: 'p2',
    chosen_logps: -38.7,
    rejected_logps: -37.9,
    ref_chosen_logps: -39.9,
    ref_rejected_logps: -38.4,
  },
];

export const pairsRoute = didRoute('Pairs', {
  summary: 'Statistics of a policy on preference pairs',
  description:
    'Returns rewards, margins, accuracies, losses, displacement, the best β, information and calibration. A million pairs fit in one request as NDJSON or CSV, with the options in the query string; rows are read as they arrive.',
  reply: 'Figures with intervals clustered by prompt',
  rows: { example: rowsExample, options },
  errors: [],
});
