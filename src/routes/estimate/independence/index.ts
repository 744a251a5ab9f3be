import type { FastifyInstance } from 'fastify';
import { independence } from '../../../estimation/independence.js';
import { samplesReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { type AnalysisResult, addAnalysis } from '../analysis.js';
import { type IndependenceReply, independenceRoute } from './schema.js';

export function independenceRoutes(app: FastifyInstance, service: Service): void {
  addAnalysis(
    app,
    service,
    independenceRoute,
    async ({ data, options, ask, model }): Promise<AnalysisResult<IndependenceReply>> => {
      const { early_stop: earlyStop, ...rest } = options;
      return {
        ...(await independence(ask, data.named, model, { ...rest, earlyStop })),
        samples: samplesReply(data),
      };
    },
  );
}
