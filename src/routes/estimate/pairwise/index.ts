import type { FastifyInstance } from 'fastify';
import { pairwise } from '../../../estimation/pairwise.js';
import { type Answer, addAnalysis, type Service } from '../analysis.js';
import { tableReply } from '../../../http/samples-reply.js';
import { type PairwiseReply, pairwiseRoute, pairwiseSamples, pairwiseSchemas } from './schema.js';

export function pairwiseRoutes(app: FastifyInstance, service: Service): void {
  const route = {
    url: '/estimate/pairwise',
    schema: pairwiseRoute,
    schemas: pairwiseSchemas,
    ...pairwiseSamples,
  };
  addAnalysis(
    app,
    service,
    route,
    async ({ data, options, estimate, manifest }): Promise<Answer<PairwiseReply>> => {
      const { level, unit, permutations, seed } = options;
      return {
        level,
        ...(await pairwise(estimate, data.apart, manifest, { level, unit, permutations, seed })),
        samples: tableReply(data),
      };
    },
  );
}
