import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { MistdError } from '../../errors.js';
import { conditional, type Triple } from '../../estimation/conditional.js';
import { readFields, readMatrices } from '../../formats/json.js';
import type { Engine } from '../../inference/engine.js';
import { compileCheck } from '../../validation.js';
import { analyze } from '../analysis/index.js';
import { bodyOf } from '../body.js';
import {
  CONDITIONAL_FIELDS,
  ConditionalOptions,
  type ConditionalReply,
  conditionalRoute,
  conditionalSchemas,
} from './schema.js';

const checkOptions = compileCheck(ConditionalOptions);

export function conditionalRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of conditionalSchemas) app.addSchema(schema);
  const limits = { maxRows: config.MAX_ROWS, maxColumns: config.MAX_DIM };

  app.post(
    '/estimate/conditional',
    { schema: conditionalRoute },
    async (request, reply): Promise<ConditionalReply> => {
      const start = performance.now();
      const body = readFields(bodyOf(request.body), CONDITIONAL_FIELDS);
      const { x, y, z, ...fields } = body;
      const triple = readMatrices({ x, y, z }, limits);
      checkColumns(triple, limits.maxColumns);
      const { quantiles: taus, early_stop: earlyStop, ...options } = checkOptions(fields);
      return analyze(
        engine,
        config,
        { request, reply, start, options },
        async (estimate, model) => ({
          ...(await conditional(estimate, triple, model, { ...options, taus, earlyStop })),
          samples: {
            rows: triple.x.rows,
            dim_x: triple.x.columns,
            dim_y: triple.y.columns,
            dim_z: triple.z.columns,
          },
        }),
      );
    },
  );
}

/** z joins x and y in turn, to one side of an estimate. */
function checkColumns({ x, y, z }: Triple, maxColumns: number): void {
  const together = Math.max(x.columns, y.columns) + z.columns;
  if (together <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `z and the wider of x and y have ${together} columns together; the limit is ${maxColumns}.`,
    { pointer: '/z' },
  );
}
