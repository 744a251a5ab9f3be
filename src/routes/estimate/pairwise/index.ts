import type { FastifyInstance } from 'fastify';
import { pairwise } from '../../../estimation/pairwise.js';
import { tableReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { type AnalysisResult, addAnalysis } from '../analysis.js';
import { type PairwiseReply, pairwiseRoute } from './schema.js';

export function pairwiseRoutes(app: FastifyInstance, service: Service): void {
  addAnalysis(
    app,
    service,
    pairwiseRoute,
    async ({ data, options, ask, model }): Promise<AnalysisResult<PairwiseReply>> => {
      const { level, unit, permutations, seed } = options;
      return {
        level,
        ...(await pairwise(ask, data.apart, model, { level, unit, permutations, seed })),
        samples: tableReply(data),
      };
    },
  );
}
