import { type Static, Type } from 'typebox';
import { REQUEST_ID_EXAMPLE } from '../../../http/reply-schema.js';
import { asGiven, idOption } from '../../../http/request-schema.js';
import { pairsField, promptFields } from '../input-schema.js';
import {
  alpha,
  betaFit,
  bins,
  CANDIDATE_ERRORS,
  calibration,
  didRoute,
  level,
  Nullable,
  OrNull,
  replyEnd,
  timingExample,
} from '../schema.js';

export const PowerLawOptions = Type.Object(
  { level, alpha, bins, id: idOption },
  { additionalProperties: false },
);

const options = asGiven(PowerLawOptions.properties);

const pairsExample = [
  [-14.2, -31.7, -13.6, -22.1, 9, 14],
  [-21, -20.4, -19.2, -20.9, 12, 11],
  [-33.5, -41.9, -35, -37.2, 20, 19],
  [-8.1, -12, -8.9, -9.5, 5, 8],
  [-27.4, -30.3, -26, -28.8, 15, 17],
].map(([chosen, rejected, refChosen, refRejected, chosenTokens, rejectedTokens], i) => ({
  prompt_id: `p${i}`,
  chosen_logps: chosen,
  rejected_logps: rejected,
  ref_chosen_logps: refChosen,
  ref_rejected_logps: refRejected,
  chosen_tokens: chosenTokens,
  rejected_tokens: rejectedTokens,
}));

const requestExamples = [
  { pairs: pairsExample },
  {
    prompts: [
      {
        id: 'haiku',
        candidates: [
          { id: 'a', policy_logp: -21.4, ref_logp: -18.9, rejected_logp: -18.6 },
          { id: 'b', policy_logp: -19.8, ref_logp: -19.6, rejected_logp: -19.5 },
          { id: 'c', policy_logp: -17.2, ref_logp: -20.3, rejected_logp: -20.6 },
        ],
      },
      {
        id: 'limerick',
        candidates: [
          { id: 'a', policy_logp: -30.1, ref_logp: -32.4, rejected_logp: -32.7 },
          { id: 'b', policy_logp: -35.5, ref_logp: -33.1, rejected_logp: -32.9 },
        ],
      },
    ],
  },
];

const PowerLawRequest = Type.Object(
  {
    pairs: Type.Optional(pairsField),
    ...promptFields('candidates', 'CandidateWithRejected'),
    ...options,
  },
  { $id: 'DidPowerLawRequest', additionalProperties: false, examples: requestExamples },
);

const verdict = Type.Object({
  conclusion: Type.Enum(['rejected', 'not_rejected', 'undetermined', 'exact', 'close', 'violated']),
  text: Type.String({ description: 'The conclusion as a sentence, with its figures' }),
});

const pairTests = Type.Object({
  pairs: Type.Integer(),
  prompts: Type.Integer(),
  beta_fit: betaFit,
  tests: Type.Array(
    Type.Object({
      term: Type.Enum(['cubed_margin', 'length_difference']),
      status: Type.Enum(['tested', 'separated', 'constant']),
      coefficient: Nullable({
        description:
          'Coefficient of the cube of the margin over its root mean square, or of the length difference in tokens',
      }),
      likelihood_ratio: Nullable(),
      p_value: Nullable({
        description: 'p-value of the likelihood ratio, χ² with one degree of freedom',
      }),
      clustered_p_value: Nullable({
        description: 'p-value of the coefficient, robust to dependence within prompts',
      }),
    }),
  ),
  calibration: Type.Unsafe<Static<typeof calibration> | null>({
    anyOf: [calibration, { type: 'null' }],
    description: 'Calibration of σ(β̂ δ); null without a fit',
  }),
  p_value: Nullable({ description: 'p-value of all tests together (Bonferroni)' }),
  verdict,
});

const regression = Type.Object({
  prompts: Type.Integer(),
  candidates: Type.Integer(),
  beta: Nullable({ description: 'Slope of the regression' }),
  standard_error: Nullable({ description: 'Clustered by prompt' }),
  lower: Nullable(),
  upper: Nullable(),
  r_squared: Nullable({ description: 'Within prompts: 1 if and only if the power law is exact' }),
  largest_residual: Nullable({ description: 'In nats' }),
  verdict,
});

const replyExample = {
  pairs: null,
  regression: {
    prompts: 2,
    candidates: 5,
    beta: 0.1,
    standard_error: 0.004,
    lower: 0.094,
    upper: 0.107,
    r_squared: 0.98,
    largest_residual: 0.08,
    verdict: {
      conclusion: 'close',
      text: 'Close but not exact on these candidates: β = 0.1, R² = 0.980000, largest residual 0.08 nats.',
    },
  },
  warnings: [],
  timing: timingExample,
  id: REQUEST_ID_EXAMPLE,
};

const PowerLawReply = Type.Object(
  {
    pairs: OrNull(pairTests, 'Null without pairs'),
    regression: OrNull(regression, 'Null without candidates'),
    ...replyEnd,
  },
  { $id: 'DidPowerLawReply', examples: [replyExample] },
);

export type PowerLawReply = Static<typeof PowerLawReply>;

export const powerLawSchemas = [PowerLawRequest, PowerLawReply];

export const powerLawRoute = didRoute('PowerLaw', {
  summary: 'Whether preference data fit the theory under which the DPO reward is optimal',
  description:
    'For pairs, preferably held out from training: likelihood-ratio tests of terms that σ(βδ) leaves out; they can reject the power law but never confirm it. For candidates with log-probabilities under π_ref, π_l and π: the regression of log(π_ref/π_l) on log(π/π_ref) within prompts, which tests the law itself.',
  reply: 'Tests and a verdict',
  rows: { example: pairsExample, options },
  errors: CANDIDATE_ERRORS,
});
