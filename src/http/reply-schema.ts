import { type Static, Type } from 'typebox';
import { ESTIMATORS } from '../discrete/answer.js';
import { ESTIMATE_WARNING_CODES, type WarningCode } from '../warnings.js';

export const modelExample = {
  id: 'mist',
  version: '0.1.0',
  sha256: '5b0f7c1c9d3f4a62e8f1b7c4d9a05e6f3c2b1a0987f6e5d4c3b2a19080706050',
};

/** Identifies the model that answered; every reply of a model has it. */
export const ModelIdentity = Type.Object(
  {
    id: Type.String(),
    version: Type.String(),
    sha256: Type.String({ description: 'SHA-256 checksum of its ONNX file' }),
  },
  { $id: 'ModelIdentity', examples: [modelExample] },
);

export type ModelIdentity = Static<typeof ModelIdentity>;

export const modelReply = Type.Unsafe<ModelIdentity>({ $ref: 'ModelIdentity#' });

export const milliseconds = (description: string) => Type.Number({ minimum: 0, description });

export const warningsReply = <Code extends WarningCode>(codes: readonly Code[]) =>
  Type.Array(Type.Object({ code: Type.Enum([...codes]), message: Type.String() }));

export const estimateWarnings = warningsReply(ESTIMATE_WARNING_CODES);

/** The part of `timing` that every reply has. */
export const totalTiming = {
  total_ms: milliseconds('Time since the request arrived, including its upload'),
};

/** @param threads describes how the times of several threads add up. */
export const modelTimingReply = (threads: string) =>
  Type.Object({
    parse_ms: milliseconds('Reading and checking the body'),
    queue_ms: milliseconds('Waiting for a thread'),
    encode_ms: milliseconds(`Computing ranks, scores and facts of the samples, ${threads}`),
    inference_ms: milliseconds(`Running the model, ${threads}`),
    ...totalTiming,
  });

export const interval = (options: { minimum?: number } = {}) =>
  Type.Object({
    level: Type.Number(),
    lower: Type.Number(options),
    upper: Type.Number(options),
  });

export const informationCorrelation = Type.Number({
  minimum: 0,
  maximum: 1,
  description:
    'sqrt(1 − exp(−2 I)), with I in nats; for a bivariate normal, the absolute correlation',
});

export const estimatorReply = Type.Enum([...ESTIMATORS], {
  description:
    'What answered, or gave most of the answer: the model; a mixture of Dirichlet models of the table of two columns of few values; or nearest neighbors of classes in a continuous column (Ross 2014)',
});

export const REQUEST_ID_EXAMPLE = '6f1d3c1e-7f0c-4c39-9d0a-2f4d7f0f3b52';
