import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { MistdError } from '../../errors.js';
import { summarizeGradient } from '../../estimation/gradient.js';
import { readJsonRequest } from '../../formats/json.js';
import type { Engine } from '../../inference/engine.js';
import type { ProblemEstimate } from '../../inference/estimate-task.js';
import { hasGradient, type Manifest } from '../../inference/manifest.js';
import type { SampleGradient } from '../../inference/sample-gradient.js';
import { deadline } from '../../plugins/deadline.js';
import { compileCheck } from '../../validation.js';
import { bodyOf } from '../estimate/index.js';
import { modelIdentity } from '../models/index.js';
import {
  GRADIENT_FIELDS,
  GradientOptions,
  type GradientReply,
  gradientRoute,
  gradientSchemas,
} from './schema.js';

const checkOptions = compileCheck(GradientOptions);

export function gradientRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of gradientSchemas) app.addSchema(schema);
  const limits = { maxRows: config.MAX_ROWS, maxColumns: config.MAX_DIM };

  app.post(
    '/estimate/gradient',
    { schema: gradientRoute },
    async (request, reply): Promise<GradientReply> => {
      const start = performance.now();
      const body = readJsonRequest(bodyOf(request.body), GRADIENT_FIELDS, limits);
      const { samples, fields, flat } = body;
      const { tau, unit, model, id } = checkOptions(fields);
      const parseMs = performance.now() - start;

      const manifest = withGradient(engine.model(model, '/model'));
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const result = await engine.run(manifest, [{ ...samples, gradientTau: tau }], signal);
      const estimate = result.estimates[0] as ProblemEstimate & { gradient: SampleGradient };
      return {
        ...summarizeGradient(estimate, manifest, { tau, unit, flat }),
        model: modelIdentity(manifest),
        samples: {
          rows: samples.x.rows,
          dim_x: samples.x.columns,
          dim_y: samples.y.columns,
          dropped: 0,
        },
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

/** @throws MistdError no_gradient */
function withGradient(manifest: Manifest): Manifest {
  if (hasGradient(manifest)) return manifest;
  throw new MistdError('no_gradient', `Model ${manifest.id} has no gradient.onnx.`, {
    pointer: '/model',
  });
}
