import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { rejectedPrompts } from '../../../preference/rejected.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import { endOfReply, promptsReader } from '../reading.js';
import { RejectedOptions, type RejectedReply, rejectedRoute } from './schema.js';

export function rejectedRoutes(app: FastifyInstance, config: Config): void {
  const read = promptsReader(RejectedOptions, config, ({ proposal }) => ({
    list: 'candidates',
    distinct: proposal === 'support',
    support: proposal === 'support',
  }));

  app.post('/did/rejected', { schema: rejectedRoute }, (request, reply): RejectedReply => {
    const asked = read(request, reply);
    const { beta, proposal, draws, seed } = asked.options;
    const start = performance.now();
    const { prompts } = asked.data;
    const weighted = rejectedPrompts(prompts, { source: proposal, beta, draws, seed });
    const support = proposal === 'support';
    return {
      beta,
      proposal,
      prompts: weighted,
      warnings: [
        ...candidateWarnings(prompts, asked.data, support),
        // Over a whole support, weights are probabilities and may be as uneven as they are.
        ...(support ? [] : weightWarnings(weighted)),
      ],
      ...endOfReply(request, reply, asked, start),
    };
  });
}
