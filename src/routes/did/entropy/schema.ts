import { type Static, Type } from 'typebox';
import { UNITS } from '../../../estimation/units.js';
import { REQUEST_ID_EXAMPLE } from '../../../http/reply-schema.js';
import { asGiven, idOption, unitOption } from '../../../http/request-schema.js';
import { PROPOSALS } from '../../../preference/entropy.js';
import { promptFields } from '../input-schema.js';
import { CANDIDATE_ERRORS, didRoute, Nullable, replyEnd, timingExample } from '../schema.js';

export const EntropyOptions = Type.Object(
  {
    proposal: Type.Enum([...PROPOSALS], {
      description:
        'The model that the samples were drawn from; draws from the policy give a far smaller error. "support": the samples are every possible completion, once each, and the entropy is exact',
    }),
    unit: unitOption,
    id: idOption,
  },
  { additionalProperties: false },
);

const requestExamples = [
  {
    proposal: 'policy',
    prompts: [
      {
        id: 'haiku',
        samples: [
          { policy_logp: -21.4, ref_logp: -24.9, tokens: 17 },
          { policy_logp: -19.8, ref_logp: -22.1, tokens: 16 },
          { policy_logp: -25.2, ref_logp: -26.3, tokens: 18 },
          { policy_logp: -20.7, ref_logp: -24.2, tokens: 16 },
        ],
      },
    ],
  },
  {
    proposal: 'support',
    unit: 'bits',
    prompts: [
      {
        id: 'yes-or-no',
        samples: [
          { id: 'yes', policy_logp: Math.log(0.75), ref_logp: Math.log(0.5), tokens: 1 },
          { id: 'no', policy_logp: Math.log(0.25), ref_logp: Math.log(0.5), tokens: 1 },
        ],
      },
    ],
  },
];

const EntropyRequest = Type.Object(
  { ...promptFields('samples', 'Candidate'), ...asGiven(EntropyOptions.properties) },
  { $id: 'DidEntropyRequest', additionalProperties: false, examples: requestExamples },
);

const replyExample = {
  proposal: 'support',
  unit: 'bits',
  prompts: [
    {
      id: 'yes-or-no',
      entropy: 0.8113,
      standard_error: 0,
      ess: null,
      largest_weight: null,
      samples: 2,
    },
  ],
  mean: { entropy: 0.8113, standard_error: null, prompts: 1 },
  warnings: [],
  timing: timingExample,
  id: REQUEST_ID_EXAMPLE,
};

const EntropyReply = Type.Object(
  {
    proposal: Type.Enum([...PROPOSALS]),
    unit: Type.Enum([...UNITS]),
    prompts: Type.Array(
      Type.Object({
        id: Type.String(),
        entropy: Type.Number({ description: 'H(q) over all completions' }),
        standard_error: Type.Number({ description: 'Jackknife standard error over the draws' }),
        ess: Nullable({ description: 'Effective sample size of the draws; null if exact' }),
        largest_weight: Nullable({ description: 'Weight of the heaviest draw; null if exact' }),
        samples: Type.Integer(),
      }),
    ),
    mean: Type.Object(
      {
        entropy: Type.Number(),
        standard_error: Nullable({
          description: 'From the spread over prompts; null with a single prompt',
        }),
        prompts: Type.Integer(),
      },
      { description: 'Mean over the prompts' },
    ),
    ...replyEnd,
  },
  { $id: 'DidEntropyReply', examples: [replyExample] },
);

export type EntropyReply = Static<typeof EntropyReply>;

export const entropySchemas = [EntropyRequest, EntropyReply];

export const entropyRoute = didRoute('Entropy', {
  summary: 'The entropy of the DID over all completions, from samples',
  description:
    'A low entropy means that the policy learned something narrow, such as facts; a high entropy means something broad, such as following open-ended instructions. The estimate uses self-normalized importance sampling and has a standard error and an effective sample size.',
  reply: 'One entropy per prompt, and their mean',
  errors: CANDIDATE_ERRORS,
});
