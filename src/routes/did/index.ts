import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import type { Engine } from '../../inference/engine.js';
import type { Threads } from '../../threads/threads.js';
import { distributionRoutes } from './distribution/index.js';
import { distributionSchemas } from './distribution/schema.js';
import { entropyRoutes } from './entropy/index.js';
import { entropySchemas } from './entropy/schema.js';
import { pairsRoutes } from './pairs/index.js';
import { pairsSchemas } from './pairs/schema.js';
import { powerLawRoutes } from './power-law/index.js';
import { powerLawSchemas } from './power-law/schema.js';
import { addRowStreams } from './reading.js';
import { rejectedRoutes } from './rejected/index.js';
import { rejectedSchemas } from './rejected/schema.js';
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
  distributionRoutes(app, threads, config);
  entropyRoutes(app, threads, config);
  rejectedRoutes(app, threads, config);
  // In a scope of their own: other routes read these content types as a whole, or not at all.
  app.register(async (scope) => {
    addRowStreams(scope);
    pairsRoutes(scope, threads, config);
    powerLawRoutes(scope, threads, config);
    sufficiencyRoutes(scope, engine, threads, config);
  });
}
