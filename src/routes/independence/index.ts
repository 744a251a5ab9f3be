import type { FastifyInstance } from 'fastify';
import { independence } from '../../estimation/independence.js';
import { PAIR } from '../../formats/layout.js';
import { type Answer, addAnalysis, type Service } from '../analysis/index.js';
import { samplesReply } from '../data/index.js';
import {
  IndependenceOptions,
  type IndependenceReply,
  independenceRoute,
  independenceSchemas,
} from './schema.js';

export function independenceRoutes(app: FastifyInstance, service: Service): void {
  for (const schema of independenceSchemas) app.addSchema(schema);
  const route = {
    url: '/estimate/independence',
    schema: independenceRoute,
    layout: PAIR,
    options: IndependenceOptions,
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
