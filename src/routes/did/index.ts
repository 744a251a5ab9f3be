import type { FastifyInstance, FastifySchema } from 'fastify';
import { jsonBytesOf, streamOf } from '../../http/body.js';
import { memoryOfBytes, runSomewhere } from '../../http/offload.js';
import { addPost } from '../../http/open-request.js';
import type { Service } from '../../http/service.js';
import { memoryOf } from '../../preference/pairs.js';
import { type AnswerName, answerDid, checkDidOptions } from './answers.js';
import { distributionRoute, distributionSchemas } from './distribution/schema.js';
import { entropyRoute, entropySchemas } from './entropy/schema.js';
import { pairsRoute, pairsSchemas } from './pairs/schema.js';
import { acceptPairStreams, streamedPairs } from './pairs-request.js';
import { powerLawRoute, powerLawSchemas } from './power-law/schema.js';
import { rejectedRoute, rejectedSchemas } from './rejected/schema.js';
import { sharedSchemas } from './schema.js';
import { sufficiencyRoutes } from './sufficiency/index.js';
import { sufficiencySchemas } from './sufficiency/schema.js';

/**
 * The differential information distribution (DID, arXiv 2505.23761): what a preference-optimized
 * policy has learned relative to its reference.
 */
export function didRoutes(app: FastifyInstance, service: Service): void {
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
  addAnswer(app, service, 'distribution', distributionRoute);
  addAnswer(app, service, 'entropy', entropyRoute);
  addAnswer(app, service, 'rejected', rejectedRoute);
  // This scope is separate, because other routes read these media types as a whole, or not at all.
  app.register(async (scope) => {
    acceptPairStreams(scope);
    addAnswer(scope, service, 'pairs', pairsRoute);
    addAnswer(scope, service, 'power-law', powerLawRoute);
    sufficiencyRoutes(scope, service);
  });
}

/**
 * Adds a route that needs no model. It accepts JSON with pairs or candidates and the options, or
 * rows of pairs with the options in the query string.
 */
function addAnswer(
  app: FastifyInstance,
  service: Service,
  name: AnswerName,
  schema: FastifySchema,
): void {
  const { config, helpers } = service;
  const limits = { maxPairs: config.MAX_PAIRS, maxRows: config.MAX_ROWS };
  addPost(app, service, { url: `/did/${name}`, schema }, async (open, reply) => {
    const { request, signal, stamp } = open;
    if (streamOf(request) !== undefined) checkDidOptions(name, request.query);
    const rows = await streamedPairs(open, service);
    const text =
      rows === undefined
        ? await fromJson(jsonBytesOf(request))
        : await runSomewhere(
            helpers,
            answerDid,
            [
              name,
              { read: rows, options: request.query, parseMs: open.elapsedMs() },
              limits,
              stamp,
            ],
            { pairs: rows.pairs.count },
            signal,
            memoryOf(rows.pairs),
          );
    return reply.type('application/json; charset=utf-8').send(Buffer.from(text.buffer));

    function fromJson(bytes: Buffer) {
      return runSomewhere(
        helpers,
        answerDid,
        [name, { bytes }, limits, stamp],
        { bytes: bytes.length },
        signal,
        memoryOfBytes(bytes),
      );
    }
  });
}
