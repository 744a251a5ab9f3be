import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { pairwise } from '../../estimation/pairwise.js';
import { readFields } from '../../formats/json.js';
import { readTable } from '../../formats/json-table.js';
import type { Engine } from '../../inference/engine.js';
import { compileCheck } from '../../validation.js';
import { analyze, tableLimits } from '../analysis/index.js';
import { bodyOf } from '../body.js';
import {
  PAIRWISE_FIELDS,
  PairwiseOptions,
  type PairwiseReply,
  pairwiseRoute,
  pairwiseSchemas,
} from './schema.js';

const checkOptions = compileCheck(PairwiseOptions);

export function pairwiseRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of pairwiseSchemas) app.addSchema(schema);
  const limits = tableLimits(config);

  app.post(
    '/estimate/pairwise',
    { schema: pairwiseRoute },
    async (request, reply): Promise<PairwiseReply> => {
      const start = performance.now();
      const body = readFields(bodyOf(request.body), PAIRWISE_FIELDS);
      const { columns, data, names, ...fields } = body;
      const sides = readTable({ columns, data, names }, limits);
      const options = checkOptions(fields);
      const { level, unit, permutations, seed } = options;
      return analyze(
        engine,
        config,
        { request, reply, start, options },
        async (estimate, model) => ({
          level,
          ...(await pairwise(estimate, sides, model, { level, unit, permutations, seed })),
          samples: { rows: sides[0]?.matrix.rows ?? 0 },
        }),
      );
    },
  );
}
