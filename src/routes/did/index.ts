import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { pairsRoutes } from './pairs/index.js';
import { pairsSchemas } from './pairs/schema.js';
import { addRowStreams } from './reading.js';
import { Calibration, ClusteredMean, LogProb, Pair } from './schema.js';

/** The differential information distribution (DID, arXiv 2505.23761): what a policy has learned beyond its reference. */
export function didRoutes(app: FastifyInstance, config: Config): void {
  for (const schema of [ClusteredMean, Calibration, LogProb, Pair, ...pairsSchemas]) {
    app.addSchema(schema);
  }
  // In a scope of their own: other routes read these content types as a whole, or not at all.
  app.register(async (scope) => {
    addRowStreams(scope);
    pairsRoutes(scope, config);
  });
}
