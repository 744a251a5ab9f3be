import type { FastifyInstance } from 'fastify';
import { MistdError } from '../../../errors.js';
import { conditional, type Triple } from '../../../estimation/conditional.js';
import type { NamedSide } from '../../../samples/samples.js';
import { type Answer, addAnalysis, type Service } from '../analysis.js';
import { samplesReply } from '../../../http/samples-reply.js';
import {
  type ConditionalReply,
  conditionalRoute,
  conditionalSamples,
  conditionalSchemas,
} from './schema.js';

export function conditionalRoutes(app: FastifyInstance, service: Service): void {
  const route = {
    url: '/estimate/conditional',
    schema: conditionalRoute,
    schemas: conditionalSchemas,
    ...conditionalSamples,
  };
  const maxColumns = service.config.MAX_DIM;
  addAnalysis(
    app,
    service,
    route,
    async ({ data, options: asked, estimate, manifest }): Promise<Answer<ConditionalReply>> => {
      checkColumns(data.named, maxColumns);
      const { quantiles: taus, early_stop: earlyStop, ...options } = asked;
      return {
        ...(await conditional(estimate, data.named, manifest, { ...options, taus, earlyStop })),
        samples: { ...samplesReply(data), dim_z: data.named.z.sent },
      };
    },
  );
}

/** z joins x and y in turn, to one side of an estimate. */
function checkColumns({ x, y, z }: Triple<NamedSide>, maxColumns: number): void {
  const together = Math.max(x.matrix.columns, y.matrix.columns) + z.matrix.columns;
  if (together <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `z and the wider of x and y have ${together} columns together; the limit is ${maxColumns}.`,
    { pointer: '/z' },
  );
}
