import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import type { Engine } from '../../inference/engine.js';
import type { Threads } from '../../threads/threads.js';
import { distributionRoute, distributionSchemas } from './distribution/schema.js';
import { entropyRoute, entropySchemas } from './entropy/schema.js';
import { pairsRoute, pairsSchemas } from './pairs/schema.js';
import { powerLawRoute, powerLawSchemas } from './power-law/schema.js';
import { addAnswer, addRowStreams } from './reading.js';
import { rejectedRoute, rejectedSchemas } from './rejected/schema.js';
import { sharedSchemas } from './schema.js';
import { sufficiencyRoutes } from './sufficiency/index.js';
import { sufficiencySchemas } from './sufficiency/schema.js';

/**
 * The differential information distribution (DID, arXiv 2505.23761): what a preference-optimized
 * policy has learned relative to its reference.
 */
export function didRoutes(
  app: FastifyInstance,
  engine: Engine,
  threads: Threads,
  config: Config,
): void {
  const schemas = [
    ...sharedSchemas,
    ...distributionSchemas,
    ...entropySchemas,
    ...pairsSchemas,
    ...rejectedSchemas,
    ...powerLawSchemas,
    ...sufficiencySchemas,
  ];
  for (const schema of schemas) app.addSchema(schema);
  const means = { threads, config };
  addAnswer(app, 'distribution', distributionRoute, means);
  addAnswer(app, 'entropy', entropyRoute, means);
  addAnswer(app, 'rejected', rejectedRoute, means);
  // In a scope of their own: other routes read these content types as a whole, or not at all.
  app.register(async (scope) => {
    addRowStreams(scope);
    addAnswer(scope, 'pairs', pairsRoute, means);
    addAnswer(scope, 'power-law', powerLawRoute, means);
    sufficiencyRoutes(scope, engine, threads, config);
  });
}
