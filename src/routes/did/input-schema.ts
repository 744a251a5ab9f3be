import { Type } from 'typebox';

/** A log-probability in the forms that formats/log-probs.ts reads. */
export const LogProb = Type.Union(
  [
    Type.Number({ maximum: 0, description: 'Sum over the completion tokens, in nats' }),
    Type.Array(Type.Number({ maximum: 0 }), {
      minItems: 1,
      description: 'One a completion token',
    }),
    Type.Object(
      {
        completion_start: Type.Optional(
          Type.Integer({
            minimum: 0,
            description: 'Prompt tokens at the start of the list, which are not summed',
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

/** Of both models; both must agree on it. */
export const tokenCount = Type.Optional(
  Type.Integer({ minimum: 1, description: 'Completion tokens' }),
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
      'Column names as TRL has them; reference_chosen_logps and reference_rejected_logps, of its earlier versions, work too. Other columns are not read, and a warning names them.',
  },
);

export const pairsField = Type.Union(
  [
    Type.Array(Type.Unsafe<unknown>({ $ref: 'PreferencePair#' }), { minItems: 1 }),
    Type.Object(
      {},
      { additionalProperties: true, description: 'Or columns: an array under each name' },
    ),
  ],
  { description: 'Preference pairs, best held out from training' },
);

/** A candidate's fields; its log-probs in any form of LogProb. */
const candidateFields = {
  id: Type.Optional(
    Type.Union([Type.String(), Type.Number()], {
      description: 'Names the completion; its place in the list otherwise',
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
    description: 'rejected_logp is under the distribution that rejected completions come from',
  },
);

/** The two ways to send completions of prompts: a list a prompt, or rows that name their prompt. */
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
          { additionalProperties: true, description: `A row of ${list}, beside its prompt_id` },
        ),
        { minItems: 2, description: 'Instead of prompts' },
      ),
    ),
  };
}

export const inputSchemas = [LogProb, PreferencePair, Candidate, CandidateWithRejected];
