import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { rejectedPrompts } from '../../../preference/rejected.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import type { Threads } from '../../../threads/threads.js';
import { type Answer, promptsRoute } from '../reading.js';
import { RejectedOptions, type RejectedReply, rejectedRoute } from './schema.js';

export function rejectedRoutes(app: FastifyInstance, threads: Threads, config: Config): void {
  promptsRoute(app, threads, config, '/did/rejected', {
    schema: rejectedRoute,
    options: RejectedOptions,
    rules: { list: 'candidates', draws: true },
    answer: (read, { beta, proposal, draws, seed }): Answer<RejectedReply> => {
      const prompts = rejectedPrompts(read.prompts, { source: proposal, beta, draws, seed });
      return {
        beta,
        proposal,
        prompts,
        warnings: [
          ...candidateWarnings(read.prompts, read),
          // Over a whole support, weights are probabilities and may be as uneven as they are.
          ...(proposal === 'support' ? [] : weightWarnings(prompts)),
        ],
      };
    },
  });
}
