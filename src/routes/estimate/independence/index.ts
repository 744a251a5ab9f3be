import type { FastifyInstance } from 'fastify';
import { independence } from '../../../estimation/independence.js';
import { type Answer, addAnalysis, type Service } from '../analysis.js';
import { samplesReply } from '../../../http/samples-reply.js';
import {
  type IndependenceReply,
  independenceRoute,
  independenceSamples,
  independenceSchemas,
} from './schema.js';

export function independenceRoutes(app: FastifyInstance, service: Service): void {
  const route = {
    url: '/estimate/independence',
    schema: independenceRoute,
    schemas: independenceSchemas,
    ...independenceSamples,
  };
  addAnalysis(
    app,
    service,
    route,
    async ({ data, options, estimate, manifest }): Promise<Answer<IndependenceReply>> => ({
      ...(await independence(estimate, data.named, manifest, {
        ...options,
        earlyStop: options.early_stop,
      })),
      samples: samplesReply(data),
    }),
  );
}
