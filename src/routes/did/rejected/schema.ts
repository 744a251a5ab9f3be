import { type Static, Type } from 'typebox';
import { REQUEST_ID_EXAMPLE } from '../../../http/reply-schema.js';
import { asGiven, idOption } from '../../../http/request-schema.js';
import { SOURCES } from '../../../preference/rejected.js';
import { promptFields } from '../input-schema.js';
import { beta, CANDIDATE_ERRORS, didRoute, replyEnd, seed, timingExample } from '../schema.js';

export const RejectedOptions = Type.Object(
  {
    beta,
    proposal: Type.Enum([...SOURCES], {
      default: 'reference',
      description:
        'The source of the candidates. reference: they are draws from the reference. support: they are every possible completion, once each',
    }),
    draws: Type.Integer({
      minimum: 0,
      maximum: 1000,
      default: 1,
      description: 'Number of candidates to draw per prompt, with replacement',
    }),
    seed,
    id: idOption,
  },
  { additionalProperties: false },
);

const requestExamples = [
  {
    beta: 0.1,
    seed: 7,
    draws: 2,
    prompts: [
      {
        id: 'haiku',
        candidates: [
          { id: 'a', policy_logp: -21.4, ref_logp: -18.9, rejected_logp: -18.6 },
          { id: 'b', policy_logp: -19.8, ref_logp: -19.6, rejected_logp: -19.5 },
          { id: 'c', policy_logp: -17.2, ref_logp: -20.3, rejected_logp: -20.6 },
        ],
      },
    ],
  },
];

const RejectedRequest = Type.Object(
  {
    ...promptFields('candidates', 'CandidateWithRejected'),
    ...asGiven(RejectedOptions.properties),
  },
  { $id: 'DidRejectedRequest', additionalProperties: false, examples: requestExamples },
);

const replyExample = {
  beta: 0.1,
  proposal: 'reference',
  prompts: [
    {
      id: 'haiku',
      ess: 2.87,
      largest_weight: 0.42,
      expected_log_ratio: -0.27,
      candidates: [
        { id: 'a', weight: 0.42 },
        { id: 'b', weight: 0.34 },
        { id: 'c', weight: 0.24 },
      ],
      drawn: ['a', 'b'],
      order_check: { pairs: 3, violated: 0, largest_deviation: 0.14 },
    },
  ],
  warnings: [],
  timing: timingExample,
  id: REQUEST_ID_EXAMPLE,
};

const orderCheck = Type.Object({
  pairs: Type.Integer(),
  violated: Type.Integer({
    description:
      'Number of pairs of candidates on which π_l moved away from π_ref in the same direction as the policy',
  }),
  largest_deviation: Type.Number({
    description: 'Largest |M_ref − M_l − β (M_* − M_ref)| in nats; 0 if π_l is optimal',
  }),
});

const RejectedReply = Type.Object(
  {
    beta: Type.Number(),
    proposal: Type.Enum([...SOURCES]),
    prompts: Type.Array(
      Type.Object({
        id: Type.String(),
        ess: Type.Number({ description: 'Effective sample size of the weights' }),
        largest_weight: Type.Number(),
        expected_log_ratio: Type.Number({
          description: 'Mean of log π/π_ref over the rejected distribution, in nats',
        }),
        candidates: Type.Array(Type.Object({ id: Type.String(), weight: Type.Number() })),
        drawn: Type.Array(Type.String(), {
          description: 'Ids of candidates drawn with these weights',
        }),
        order_check: Type.Unsafe<Static<typeof orderCheck> | null>({
          ...orderCheck,
          type: ['object', 'null'],
          description: 'Null unless every candidate has a rejected_logp',
        }),
      }),
    ),
    ...replyEnd,
  },
  { $id: 'DidRejectedReply', examples: [replyExample] },
);

export type RejectedReply = Static<typeof RejectedReply>;

export const rejectedSchemas = [RejectedRequest, RejectedReply];

export const rejectedRoute = didRoute('Rejected', {
  summary: 'The rejected distribution with which DPO learns the given policy',
  description:
    'Returns π_l ∝ π_ref (π_ref/π)^β as weights of the candidates, and a sample from it. If log-probabilities under an actual π_l are sent, the reply also states how far its log-margins are from the order that the power law requires.',
  reply: 'Weights and draws per prompt',
  errors: CANDIDATE_ERRORS,
});
