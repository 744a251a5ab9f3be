import type { FastifyInstance } from 'fastify';
import { independence } from '../../../estimation/independence.js';
import { samplesReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { addAnalysis } from '../analysis.js';
import { independenceRoute } from './schema.js';

export function independenceRoutes(app: FastifyInstance, service: Service): void {
  addAnalysis(app, service, independenceRoute, async ({ data, options, ask, model }) => {
    const { early_stop: earlyStop, ...rest } = options;
    return {
      ...(await independence(ask, data.named, model, { ...rest, earlyStop })),
      samples: samplesReply(data),
    };
  });
}
