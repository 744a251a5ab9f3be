import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { fromNats, type Unit } from '../../../estimation/units.js';
import { type PromptDid, promptDid } from '../../../preference/distribution.js';
import { candidateWarnings } from '../../../preference/warnings.js';
import type { Threads } from '../../../threads/threads.js';
import { type Answer, promptsRoute } from '../reading.js';
import { DistributionOptions, type DistributionReply, distributionRoute } from './schema.js';

export function distributionRoutes(app: FastifyInstance, threads: Threads, config: Config): void {
  promptsRoute(app, threads, config, '/did/distribution', {
    schema: distributionRoute,
    options: DistributionOptions,
    rules: { list: 'candidates', draws: false },
    answer: (read, { beta, unit }): Answer<DistributionReply> => ({
      beta,
      unit,
      prompts: read.prompts.map((prompt) => inUnit(promptDid(prompt, beta), unit)),
      warnings: candidateWarnings(read.prompts, read),
    }),
  });
}

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
