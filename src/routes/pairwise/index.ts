import type { FastifyInstance } from 'fastify';
import { pairwise } from '../../estimation/pairwise.js';
import { TABLE } from '../../formats/layout.js';
import { type Answer, addAnalysis, type Service } from '../analysis/index.js';
import { tableReply } from '../data/index.js';
import { PairwiseOptions, type PairwiseReply, pairwiseRoute, pairwiseSchemas } from './schema.js';

export function pairwiseRoutes(app: FastifyInstance, service: Service): void {
  for (const schema of pairwiseSchemas) app.addSchema(schema);
  const route = {
    url: '/estimate/pairwise',
    schema: pairwiseRoute,
    layout: TABLE,
    options: PairwiseOptions,
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
