import type { FastifyInstance } from 'fastify';
import { screen } from '../../../estimation/screen.js';
import { tableReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { type AnalysisResult, addAnalysis } from '../analysis.js';
import { type ScreenReply, screenRoute } from './schema.js';

export function screenRoutes(app: FastifyInstance, service: Service): void {
  const maxColumns = service.config.MAX_DIM;
  addAnalysis(
    app,
    service,
    screenRoute,
    async ({ data, options, ask, model }): Promise<AnalysisResult<ScreenReply>> => {
      const { level, unit, permutations, seed, select, target_type: targetType } = options;
      const { target } = data.named;
      const asked = { level, unit, permutations, seed, select, targetType, maxColumns };
      return {
        ...(await screen(ask, data.apart, target, model, asked)),
        samples: tableReply(data),
      };
    },
  );
}
