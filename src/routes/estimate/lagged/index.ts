import type { FastifyInstance } from 'fastify';
import { lagged } from '../../../estimation/lagged.js';
import { samplesReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { type AnalysisResult, addAnalysis } from '../analysis.js';
import { type LaggedReply, laggedRoute } from './schema.js';

export function laggedRoutes(app: FastifyInstance, service: Service): void {
  const maxColumns = service.config.MAX_DIM;
  addAnalysis(
    app,
    service,
    laggedRoute,
    async ({ data, options, ask, model }): Promise<AnalysisResult<LaggedReply>> => {
      const { early_stop: earlyStop, block_length: blockLength, ...rest } = options;
      const asked = { ...rest, earlyStop, blockLength, maxColumns };
      return {
        ...(await lagged(ask, data.named, model, asked)),
        samples: samplesReply(data),
      };
    },
  );
}
