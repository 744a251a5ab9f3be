import type { FastifyInstance } from 'fastify';
import { conditional } from '../../../estimation/conditional.js';
import { samplesReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { type AnalysisResult, addAnalysis } from '../analysis.js';
import { type ConditionalReply, conditionalRoute } from './schema.js';

export function conditionalRoutes(app: FastifyInstance, service: Service): void {
  const maxColumns = service.config.MAX_DIM;
  addAnalysis(
    app,
    service,
    conditionalRoute,
    async ({ data, options, ask, model }): Promise<AnalysisResult<ConditionalReply>> => {
      const { quantiles: taus, early_stop: earlyStop, ...rest } = options;
      const asked = { ...rest, taus, earlyStop, maxColumns };
      return {
        ...(await conditional(ask, data.named, model, asked)),
        samples: { ...samplesReply(data), dim_z: data.named.z.sent },
      };
    },
  );
}
