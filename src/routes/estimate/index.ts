import type { FastifyInstance } from 'fastify';
import { secondOpinion, secondOpinionRows } from '../../classical/second-opinion.js';
import type { ModelAnswer } from '../../estimation/question.js';
import { tableFormats } from '../../formats/registry.js';
import { acceptBytes } from '../../http/body.js';
import { addPost } from '../../http/open-request.js';
import { modelTiming } from '../../http/reply.js';
import { openSamples } from '../../http/samples.js';
import type { Service } from '../../http/service.js';
import { estimateSpread } from '../../inference/spread.js';
import { matricesOf } from '../../samples/samples.js';
import { batchRoutes } from './batch/index.js';
import { classicalRoutes } from './classical/index.js';
import { conditionalRoutes } from './conditional/index.js';
import { gradientRoutes } from './gradient/index.js';
import { independenceRoutes } from './independence/index.js';
import { laggedRoutes } from './lagged/index.js';
import { pairwiseRoutes } from './pairwise/index.js';
import { estimateReply } from './reply.js';
import { type EstimateReply, estimateForm, estimateRoute, estimateSchemas } from './schema.js';
import { screenRoutes } from './screen/index.js';

/** POST /estimate and the routes below it. */
export function estimateRoutes(app: FastifyInstance, service: Service): void {
  for (const schema of estimateSchemas) app.addSchema(schema);
  // This scope is separate, because only its routes accept formats other than JSON.
  app.register(async (scope) => {
    acceptBytes(
      scope,
      tableFormats().flatMap(({ mediaTypes }) => mediaTypes),
    );
    addEstimate(scope, service);
    classicalRoutes(scope, service);
    pairwiseRoutes(scope, service);
    screenRoutes(scope, service);
    conditionalRoutes(scope, service);
    laggedRoutes(scope, service);
    independenceRoutes(scope, service);
  });
  app.register(async (scope) => batchRoutes(scope, service));
  gradientRoutes(app, service);
}

function addEstimate(app: FastifyInstance, service: Service): void {
  const route = { url: '/estimate', schema: estimateRoute, readerChecksQuery: true };
  addPost(app, service, route, async (open): Promise<EstimateReply> => {
    const read = await openSamples(open, service, estimateForm);
    const { data, options, parseMs } = read;
    const samples = matricesOf(data.named);
    const model = service.engine.model(options.model, '/model');
    const opinion = options.checks
      ? service.helpers.run(
          secondOpinion,
          [secondOpinionRows(samples, options.seed ?? 0)],
          open.signal,
        )
      : undefined;
    // Marks the promise as handled until it is awaited.
    opinion?.catch(() => {});
    const { answers, ...times } = await estimateSpread(service.engine, model, samples, open.signal);
    const answer = answers[0] as ModelAnswer;
    return estimateReply(
      open.stamp,
      read,
      model,
      answer,
      modelTiming(parseMs, times),
      await opinion,
    );
  });
}
