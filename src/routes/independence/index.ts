import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { independence } from '../../estimation/independence.js';
import { readJsonRequest } from '../../formats/json.js';
import type { Engine } from '../../inference/engine.js';
import { compileCheck } from '../../validation.js';
import { analyze } from '../analysis/index.js';
import { bodyOf } from '../body.js';
import {
  INDEPENDENCE_FIELDS,
  IndependenceOptions,
  type IndependenceReply,
  independenceRoute,
  independenceSchemas,
} from './schema.js';

const checkOptions = compileCheck(IndependenceOptions);

export function independenceRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of independenceSchemas) app.addSchema(schema);
  const limits = { maxRows: config.MAX_ROWS, maxColumns: config.MAX_DIM };

  app.post(
    '/estimate/independence',
    { schema: independenceRoute },
    async (request, reply): Promise<IndependenceReply> => {
      const start = performance.now();
      const body = bodyOf(request.body);
      const { samples, fields } = readJsonRequest(body, INDEPENDENCE_FIELDS, limits);
      const options = checkOptions(fields);
      const { rows, columns: dim_x } = samples.x;
      return analyze(
        engine,
        config,
        { request, reply, start, options },
        async (estimate, model) => ({
          ...(await independence(estimate, samples, model, {
            ...options,
            earlyStop: options.early_stop,
          })),
          samples: { rows, dim_x, dim_y: samples.y.columns },
        }),
      );
    },
  );
}
