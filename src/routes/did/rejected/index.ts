import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { rejectedPrompts } from '../../../preference/rejected.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import { type Answer, promptsRoute } from '../reading.js';
import { RejectedOptions, type RejectedReply, rejectedRoute } from './schema.js';

export function rejectedRoutes(app: FastifyInstance, config: Config): void {
  promptsRoute(app, config, '/did/rejected', {
    schema: rejectedRoute,
    options: RejectedOptions,
    rules: ({ proposal }) => ({
      list: 'candidates',
      distinct: proposal === 'support',
      support: proposal === 'support',
    }),
    answer: (read, { beta, proposal, draws, seed }): Answer<RejectedReply> => {
      const prompts = rejectedPrompts(read.prompts, { source: proposal, beta, draws, seed });
      const support = proposal === 'support';
      return {
        beta,
        proposal,
        prompts,
        warnings: [
          ...candidateWarnings(read.prompts, read, support),
          // Over a whole support, weights are probabilities and may be as uneven as they are.
          ...(support ? [] : weightWarnings(prompts)),
        ],
      };
    },
  });
}
