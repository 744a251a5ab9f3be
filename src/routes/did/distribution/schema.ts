import { type Static, Type } from 'typebox';
import { UNITS } from '../../../estimation/units.js';
import { REQUEST_ID_EXAMPLE } from '../../../http/reply-schema.js';
import { asGiven, idOption, unitOption } from '../../../http/request-schema.js';
import { promptFields } from '../input-schema.js';
import { beta, CANDIDATE_ERRORS, didRoute, replyEnd, timingExample } from '../schema.js';

export const DistributionOptions = Type.Object(
  { beta, unit: unitOption, id: idOption },
  { additionalProperties: false },
);

const options = asGiven(DistributionOptions.properties);

/** The golden case of the tests: π_ref = (.4, .3, .2, .1), π = (.1, .2, .3, .4). */
const golden = [0.1, 0.2, 0.3, 0.4].map((p, i) => ({
  id: 'abcd'[i],
  policy_logp: Number(Math.log(p).toFixed(6)),
  ref_logp: Number(Math.log(0.5 - p).toFixed(6)),
  tokens: 1,
}));

const requestExamples = [
  { beta: 0.5, unit: 'bits', prompts: [{ id: 'golden', candidates: golden }] },
  {
    rows: [
      {
        prompt_id: 'capital-of-peru',
        id: 'Lima',
        policy_logp: [-0.02, -0.1],
        ref_logp: [-0.9, -0.2],
      },
      { prompt_id: 'capital-of-peru', id: 'Cusco', policy_logp: -6.1, ref_logp: -2.4, tokens: 2 },
    ],
  },
];

const DistributionRequest = Type.Object(
  { ...promptFields('candidates', 'Candidate'), ...options },
  { $id: 'DidDistributionRequest', additionalProperties: false, examples: requestExamples },
);

const replyExample = {
  beta: 0.5,
  unit: 'bits',
  prompts: [
    {
      id: 'golden',
      entropy: 1.437,
      perplexity: 2.7076,
      log_normalizer: 2.6818,
      policy_mass: 1,
      reference_mass: 1,
      kl_policy_reference: 0.6585,
      kl_reference_policy: 0.6585,
      candidates: [
        { id: 'a', did: 0.03896, log_ratio: -2, reward: -0.69, rank: 4 },
        { id: 'd', did: 0.62338, log_ratio: 2, reward: 0.69, rank: 1 },
      ],
      margins: [
        {
          above: 'd',
          below: 'a',
          policy: 2,
          reference: -2,
          difference: 4,
          rejected: -4,
        },
      ],
    },
  ],
  warnings: [],
  timing: timingExample,
  id: REQUEST_ID_EXAMPLE,
};

const inUnit = (description: string) =>
  Type.Number({ description: `${description}, in the requested unit` });

const DistributionReply = Type.Object(
  {
    beta: Type.Number(),
    unit: Type.Enum([...UNITS]),
    prompts: Type.Array(
      Type.Object({
        id: Type.String(),
        entropy: inUnit('H(q) over these candidates'),
        perplexity: Type.Number({
          description: 'Number of equally likely candidates that have this entropy',
        }),
        log_normalizer: inUnit('log Σ π/π_ref'),
        policy_mass: Type.Number({ description: 'Σ π: 1 for the whole support' }),
        reference_mass: Type.Number({ description: 'Σ π_ref: 1 for the whole support' }),
        kl_policy_reference: inUnit('KL(π‖π_ref), both renormalized over the candidates'),
        kl_reference_policy: inUnit(
          'KL(π_ref‖π), both renormalized over the candidates; −E_ref[log π/π_ref] for the whole support',
        ),
        candidates: Type.Array(
          Type.Object({
            id: Type.String(),
            did: Type.Number({ description: 'q(y) = softmax of the log ratios' }),
            log_ratio: inUnit('log π/π_ref'),
            reward: Type.Number({ description: 'β log π/π_ref, in nats as in the losses' }),
            rank: Type.Integer({ description: '1 for the largest log ratio' }),
          }),
        ),
        margins: Type.Array(
          Type.Object({
            above: Type.String(),
            below: Type.String(),
            policy: inUnit('log π(above)/π(below)'),
            reference: inUnit('log π_ref(above)/π_ref(below)'),
            difference: inUnit('policy − reference, at least 0'),
            rejected: inUnit('The margin of π_l under the power law: reference − β difference'),
          }),
          {
            description:
              'Margins of neighbors in the order of the log ratio; other margins are sums of these',
          },
        ),
      }),
    ),
    ...replyEnd,
  },
  { $id: 'DidDistributionReply', examples: [replyExample] },
);

export type DistributionReply = Static<typeof DistributionReply>;

export const distributionSchemas = [DistributionRequest, DistributionReply];

export const distributionRoute = didRoute('Distribution', {
  summary: 'The DID of prompts over their candidates',
  description:
    'Returns q(y) ∝ π(y)/π_ref(y) over the distinct candidates: what the policy has learned about each prompt relative to the reference.',
  reply: 'One distribution per prompt',
  errors: CANDIDATE_ERRORS,
});
