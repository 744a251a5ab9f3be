import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Config } from '../../config.js';
import { summarize } from '../../estimation/estimate.js';
import { readJsonRequest } from '../../formats/json.js';
import type { Engine } from '../../inference/engine.js';
import type { ProblemEstimate } from '../../inference/estimate-task.js';
import type { Manifest } from '../../inference/manifest.js';
import type { PoolResult } from '../../inference/pool.js';
import { deadline } from '../../plugins/deadline.js';
import type { SampleLimits, Samples } from '../../samples/samples.js';
import { compileCheck } from '../../validation.js';
import { bodyOf } from '../body.js';
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
      const asked = readEstimate(bodyOf(request.body), limits);
      const manifest = engine.model(asked.options.model, '/model');
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const result = await engine.run(manifest, [asked.samples], signal);
      const [estimate] = result.estimates as [ProblemEstimate];
      return estimateReply(asked, manifest, estimate, result, reply.elapsedTime, request.id);
    },
  );
}

/** A body that asks for one estimate. */
export interface AskedEstimate {
  readonly samples: Samples;
  readonly options: Static<typeof EstimateOptions>;
  readonly parseMs: number;
}

/** @throws MistdError with the JSON pointer of what is wrong. */
export function readEstimate(bytes: Buffer, limits: SampleLimits): AskedEstimate {
  const start = performance.now();
  const { samples, fields } = readJsonRequest(bytes, ESTIMATE_FIELDS, limits);
  const options = checkOptions(fields);
  return { samples, options, parseMs: performance.now() - start };
}

/**
 * @param totalMs since the request arrived.
 * @param id if the body gave none.
 */
export function estimateReply(
  { samples, options, parseMs }: AskedEstimate,
  manifest: Manifest,
  estimate: ProblemEstimate,
  { queueMs, encodeMs, inferenceMs }: PoolResult,
  totalMs: number,
  id: string,
): EstimateReply {
  const { rows, columns: dim_x } = samples.x;
  const { quantiles: taus, level, unit } = options;
  return {
    ...summarize(estimate, manifest, { taus, level, unit }),
    model: modelIdentity(manifest),
    samples: { rows, dim_x, dim_y: samples.y.columns, dropped: 0 },
    timing: {
      parse_ms: parseMs,
      queue_ms: queueMs,
      encode_ms: encodeMs,
      inference_ms: inferenceMs,
      total_ms: totalMs,
    },
    id: options.id ?? id,
  };
}
