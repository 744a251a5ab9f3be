import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { fromNats } from '../../../estimation/units.js';
import { meanEntropy, promptEntropy } from '../../../preference/entropy.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import type { Threads } from '../../../threads/threads.js';
import { type Answer, promptsRoute } from '../reading.js';
import { EntropyOptions, type EntropyReply, entropyRoute } from './schema.js';

export function entropyRoutes(app: FastifyInstance, threads: Threads, config: Config): void {
  promptsRoute(app, threads, config, '/did/entropy', {
    schema: entropyRoute,
    options: EntropyOptions,
    rules: { list: 'samples', draws: true },
    answer: (read, { proposal, unit }): Answer<EntropyReply> => {
      const estimates = read.prompts.map((prompt) => promptEntropy(prompt, proposal));
      const mean = meanEntropy(estimates);
      return {
        proposal,
        unit,
        prompts: estimates.map((estimate) => ({
          ...estimate,
          entropy: fromNats(estimate.entropy, unit),
          standard_error: fromNats(estimate.standard_error, unit),
        })),
        mean: {
          ...mean,
          entropy: fromNats(mean.entropy, unit),
          standard_error: mean.standard_error === null ? null : fromNats(mean.standard_error, unit),
        },
        warnings: [...candidateWarnings(read.prompts, read), ...weightWarnings(estimates)],
      };
    },
  });
}
