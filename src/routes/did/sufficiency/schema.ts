import { type Static, Type } from 'typebox';
import { UNITS } from '../../../estimation/units.js';
import {
  modelExample,
  modelReply,
  REQUEST_ID_EXAMPLE,
  warningsReply,
} from '../../../http/reply-schema.js';
import { asGiven, idOption, modelOption, unitOption } from '../../../http/request-schema.js';
import { WARNING_CODES } from '../../../warnings.js';
import { pairsField } from '../input-schema.js';
import {
  alpha,
  didRoute,
  level,
  Nullable,
  OrNull,
  replyEnd,
  seed,
  timingExample,
} from '../schema.js';

export const SufficiencyOptions = Type.Object(
  {
    level,
    alpha,
    unit: unitOption,
    resamples: Type.Integer({
      minimum: 0,
      maximum: 999,
      default: 39,
      description:
        'Number of label sets to draw from the power law for the test; its p-value is at least 1/(resamples + 1). 0 for no test',
    }),
    max_pairs: Type.Integer({
      minimum: 10,
      maximum: 100_000,
      default: 1000,
      description:
        'Largest number of pairs to use; of more, a random subset is used, with a warning',
    }),
    model: modelOption,
    seed,
    id: idOption,
  },
  { additionalProperties: false },
);

const options = asGiven(SufficiencyOptions.properties);

const pairsExample = Array.from({ length: 24 }, (_, i) => {
  const wave = (k: number) => Number((4 * Math.sin(k * (i + 1) + k)).toFixed(2));
  return {
    prompt_id: `p${i % 12}`,
    chosen_logps: -50 + wave(1),
    rejected_logps: -53 + wave(2),
    ref_chosen_logps: -50 + wave(3),
    ref_rejected_logps: -51 + wave(5),
    features: { length: Math.round(3 * wave(7)), politeness: wave(11) },
  };
});

const PairsRequest = Type.Object(
  { pairs: pairsField, ...options },
  {
    $id: 'DidSufficiencyRequest',
    additionalProperties: false,
    examples: [{ pairs: pairsExample, resamples: 9, unit: 'bits' }],
  },
);

const estimate = Type.Object({
  estimate: Type.Number({ description: 'The median; at most 1 bit, because S is one bit' }),
  lower: Type.Number(),
  upper: Type.Number(),
});

const replyExample = {
  pairs: 1000,
  features: ['length', 'politeness'],
  unit: 'bits',
  level: 0.9,
  did: { estimate: 0.11, lower: 0.07, upper: 0.16 },
  all: { estimate: 0.24, lower: 0.19, upper: 0.3 },
  gain: { estimate: 0.13, lower: 0.01, upper: 0.24 },
  test: { p_value: 0.025, resamples: 39, null_gain: 0.01 },
  linear: {
    did: 0.1,
    all: 0.22,
    features: [{ name: 'length', coefficient: 0.05, standard_error: 0.01, p_value: 1e-6 }],
  },
  verdict: {
    conclusion: 'outside',
    text: 'The features hold information about these preferences that the DID does not (p = 0.025): the power law does not hold for them.',
  },
  model: modelExample,
  warnings: [],
  timing: timingExample,
  id: REQUEST_ID_EXAMPLE,
};

const SufficiencyReply = Type.Object(
  {
    pairs: Type.Integer({ description: 'Number of pairs used' }),
    features: Type.Array(Type.String()),
    unit: Type.Enum([...UNITS]),
    level: Type.Number(),
    did: { ...estimate, description: 'I(S; δ)' } as typeof estimate,
    all: { ...estimate, description: 'I(S; (δ, features))' } as typeof estimate,
    gain: Type.Object(
      { estimate: Type.Number(), lower: Type.Number(), upper: Type.Number() },
      {
        description:
          'I(S; (δ, features)) − I(S; δ). The interval is conservative; it combines the intervals of both at level (1 + level)/2',
      },
    ),
    test: OrNull(
      Type.Object({
        p_value: Type.Number(),
        resamples: Type.Integer(),
        null_gain: Type.Number({
          description: 'Mean gain if labels follow the power law: the bias of the estimates',
        }),
      }),
      'A test of zero gain, with labels drawn from σ(β̂ δ); null without resamples or a finite β',
    ),
    linear: OrNull(
      Type.Object({
        did: Type.Number(),
        all: Type.Number(),
        features: Type.Array(
          Type.Object({
            name: Type.String(),
            coefficient: Type.Number(),
            standard_error: Nullable({ description: 'Clustered by prompt' }),
            p_value: Nullable(),
          }),
        ),
      }),
      'A second opinion: lower bounds on the same information from logistic regressions; null if they have no finite fit',
    ),
    verdict: Type.Object({
      conclusion: Type.Enum(['outside', 'none_found', 'untested']),
      text: Type.String(),
    }),
    model: modelReply,
    ...replyEnd,
    warnings: warningsReply(WARNING_CODES),
  },
  { $id: 'DidSufficiencyReply', examples: [replyExample] },
);

export type SufficiencyReply = Static<typeof SufficiencyReply>;

export const sufficiencySchemas = [PairsRequest, SufficiencyReply];

export const sufficiencyRoute = didRoute('Sufficiency', {
  summary: 'Whether preferences hold information outside the DID',
  description:
    'Puts each pair in random order, with label S, and compares I(S; (δ, features)) with I(S; δ), both estimated by the model. Under the power law, δ is sufficient, and features such as the length difference add nothing.',
  reply: 'Both estimates, their difference, and a test of it',
  rows: { example: pairsExample, options },
  errors: [
    'too_few_rows',
    'too_many_columns',
    'unknown_model',
    'model_failed',
    'model_unavailable',
    'queue_full',
    'worker_died',
  ],
});
