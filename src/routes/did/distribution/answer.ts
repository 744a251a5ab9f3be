import { fromNats, type Unit } from '../../../estimation/units.js';
import { type PromptDid, promptDid } from '../../../preference/distribution.js';
import { candidateWarnings } from '../../../preference/warnings.js';
import { aboutPrompts } from '../answer.js';
import { DistributionOptions, type DistributionReply } from './schema.js';

export const distributionAnswer = aboutPrompts<typeof DistributionOptions, DistributionReply>(
  { list: 'candidates', draws: false },
  DistributionOptions,
  (read, { beta, unit }) => ({
    beta,
    unit,
    prompts: read.prompts.map((prompt) => inUnit(promptDid(prompt, beta), unit)),
    warnings: candidateWarnings(read.prompts, read),
  }),
);

function inUnit(did: PromptDid, unit: Unit): PromptDid {
  return {
    ...did,
    entropy: fromNats(did.entropy, unit),
    log_normalizer: fromNats(did.log_normalizer, unit),
    kl_policy_reference: fromNats(did.kl_policy_reference, unit),
    kl_reference_policy: fromNats(did.kl_reference_policy, unit),
    candidates: did.candidates.map((candidate) => ({
      ...candidate,
      log_ratio: fromNats(candidate.log_ratio, unit),
    })),
    margins: did.margins.map((margin) => ({
      ...margin,
      policy: fromNats(margin.policy, unit),
      reference: fromNats(margin.reference, unit),
      difference: fromNats(margin.difference, unit),
      rejected: fromNats(margin.rejected, unit),
    })),
  };
}
