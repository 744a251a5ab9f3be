import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { MistdError } from '../../errors.js';
import { summarize } from '../../estimation/estimate.js';
import { readJsonRequest } from '../../formats/json.js';
import type { Engine } from '../../inference/engine.js';
import type { ProblemEstimate } from '../../inference/estimate-task.js';
import { deadline } from '../../plugins/deadline.js';
import { compileCheck } from '../../validation.js';
import { modelIdentity } from '../models/index.js';
import {
  ESTIMATE_FIELDS,
  EstimateOptions,
  type EstimateReply,
  estimateRoute,
  estimateSchemas,
} from './schema.js';

const checkOptions = compileCheck(EstimateOptions);

export function estimateRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of estimateSchemas) app.addSchema(schema);
  const limits = { maxRows: config.MAX_ROWS, maxColumns: config.MAX_DIM };

  app.post(
    '/estimate',
    { schema: estimateRoute },
    async (request, reply): Promise<EstimateReply> => {
      const start = performance.now();
      const { samples, fields } = readJsonRequest(bodyOf(request.body), ESTIMATE_FIELDS, limits);
      const { quantiles, level, unit, model, id } = checkOptions(fields);
      const parseMs = performance.now() - start;

      const { rows, columns: dim_x } = samples.x;
      const { columns: dim_y } = samples.y;
      const manifest = engine.model(model, '/model');
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const result = await engine.run(manifest, [samples], signal);
      return {
        ...summarize(result.estimates[0] as ProblemEstimate, manifest, {
          taus: quantiles,
          level,
          unit,
        }),
        model: modelIdentity(manifest),
        samples: { rows, dim_x, dim_y, dropped: 0 },
        timing: {
          parse_ms: parseMs,
          queue_ms: result.queueMs,
          encode_ms: result.encodeMs,
          inference_ms: result.inferenceMs,
          total_ms: reply.elapsedTime,
        },
        id: id ?? request.id,
      };
    },
  );
}

/** @throws MistdError when the request came without a body. */
export function bodyOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new MistdError('unsupported_media_type', 'The request has no body and no content type.');
}
