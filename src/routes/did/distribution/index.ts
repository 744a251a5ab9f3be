import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { fromNats, type Unit } from '../../../estimation/units.js';
import { type PromptDid, promptDid } from '../../../preference/distribution.js';
import { candidateWarnings } from '../../../preference/warnings.js';
import { endOfReply, promptsReader } from '../reading.js';
import { DistributionOptions, type DistributionReply, distributionRoute } from './schema.js';

export function distributionRoutes(app: FastifyInstance, config: Config): void {
  const read = promptsReader(DistributionOptions, config, () => ({
    list: 'candidates',
    distinct: true,
    support: false,
  }));

  app.post(
    '/did/distribution',
    { schema: distributionRoute },
    (request, reply): DistributionReply => {
      const asked = read(request, reply);
      const { beta, unit } = asked.options;
      const start = performance.now();
      const { prompts } = asked.data;
      return {
        beta,
        unit,
        prompts: prompts.map((prompt) => inUnit(promptDid(prompt, beta), unit)),
        warnings: candidateWarnings(prompts, asked.data, true),
        ...endOfReply(request, reply, asked, start),
      };
    },
  );
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
