import { Type } from 'typebox';

/** A log-probability in the forms that formats/preference/log-probs.ts reads. */
export const LogProb = Type.Union(
  [
    Type.Number({ maximum: 0, description: 'Sum over the completion tokens, in nats' }),
    Type.Array(Type.Number({ maximum: 0 }), {
      minItems: 1,
      description: 'One number per completion token',
    }),
    Type.Object(
      {
        completion_start: Type.Optional(
          Type.Integer({
            minimum: 0,
            description: 'Number of prompt tokens at the start of the list, which are not summed',
          }),
        ),
      },
      {
        additionalProperties: true,
        description:
          'An OpenAI chat or completions response, choice or `logprobs`; or vLLM `prompt_logprobs` with `prompt_token_ids` and `completion_start`',
      },
    ),
  ],
  { $id: 'LogProb', description: 'log p(completion | prompt)' },
);

export const logProb = Type.Unsafe<unknown>({ $ref: 'LogProb#' });

/** The token count of a completion, the same under both models. */
export const tokenCount = Type.Optional(
  Type.Integer({ minimum: 1, description: 'Number of completion tokens' }),
);

export const PreferencePair = Type.Object(
  {
    prompt_id: Type.Optional(
      Type.Union([Type.String(), Type.Number()], {
        description: 'Pairs of one prompt are not independent: intervals are clustered by it',
      }),
    ),
    chosen_logps: logProb,
    rejected_logps: logProb,
    ref_chosen_logps: logProb,
    ref_rejected_logps: logProb,
    chosen_tokens: tokenCount,
    rejected_tokens: tokenCount,
    features: Type.Optional(
      Type.Record(Type.String(), Type.Number(), {
        description: 'Differences, chosen minus rejected; the same names in every pair',
      }),
    ),
  },
  {
    $id: 'PreferencePair',
    additionalProperties: true,
    description:
      'Names as in TRL; reference_chosen_logps and reference_rejected_logps, the names in its earlier versions, are accepted too. Other columns are ignored, and a warning names them.',
  },
);

export const pairsField = Type.Union(
  [
    Type.Array(Type.Unsafe<unknown>({ $ref: 'PreferencePair#' }), { minItems: 1 }),
    Type.Object({}, { additionalProperties: true, description: 'Columns: one array per name' }),
  ],
  { description: 'Preference pairs, preferably held out from training' },
);

/** The fields of a candidate; its log-probabilities may have any form of LogProb. */
const candidateFields = {
  id: Type.Optional(
    Type.Union([Type.String(), Type.Number()], {
      description: 'Name of the completion; default: its position in the list',
    }),
  ),
  policy_logp: logProb,
  ref_logp: logProb,
  tokens: tokenCount,
};

export const Candidate = Type.Object(candidateFields, {
  $id: 'Candidate',
  additionalProperties: false,
});

export const CandidateWithRejected = Type.Object(
  { ...candidateFields, rejected_logp: Type.Optional(logProb) },
  {
    $id: 'CandidateWithRejected',
    additionalProperties: false,
    description:
      'rejected_logp is the log-probability under the distribution that rejected completions come from',
  },
);

/** The two ways to send completions: one list per prompt, or rows that each name their prompt. */
export function promptFields(list: 'candidates' | 'samples', candidate: string) {
  const item = Type.Unsafe<unknown>({ $ref: `${candidate}#` });
  return {
    prompts: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.Optional(Type.Union([Type.String(), Type.Number()])),
            [list]: Type.Array(item, { minItems: 2 }),
          },
          { additionalProperties: false },
        ),
        { minItems: 1 },
      ),
    ),
    rows: Type.Optional(
      Type.Array(
        Type.Object(
          { prompt_id: Type.Union([Type.String(), Type.Number()]) },
          {
            additionalProperties: true,
            description: `One of the ${list}, with the id of its prompt`,
          },
        ),
        { minItems: 2, description: 'Instead of prompts' },
      ),
    ),
  };
}

export const inputSchemas = [LogProb, PreferencePair, Candidate, CandidateWithRejected];
