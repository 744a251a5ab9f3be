import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { fromNats } from '../../../estimation/units.js';
import { meanEntropy, promptEntropy } from '../../../preference/entropy.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import { endOfReply, promptsReader } from '../reading.js';
import { EntropyOptions, type EntropyReply, entropyRoute } from './schema.js';

export function entropyRoutes(app: FastifyInstance, config: Config): void {
  const read = promptsReader(EntropyOptions, config, ({ proposal }) => ({
    list: 'samples',
    distinct: proposal === 'support',
    support: proposal === 'support',
  }));

  app.post('/did/entropy', { schema: entropyRoute }, (request, reply): EntropyReply => {
    const asked = read(request, reply);
    const { proposal, unit } = asked.options;
    const start = performance.now();
    const estimates = asked.data.prompts.map((prompt) => promptEntropy(prompt, proposal));
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
      warnings: [
        ...candidateWarnings(asked.data.prompts, asked.data, proposal === 'support'),
        ...weightWarnings(estimates),
      ],
      ...endOfReply(request, reply, asked, start),
    };
  });
}
