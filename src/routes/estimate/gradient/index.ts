import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import { gradient } from '../../../estimation/gradient.js';
import { readFields, readMatrices } from '../../../formats/table/json.js';
import type { Engine } from '../../../inference/engine.js';
import { hasGradient, type Manifest } from '../../../inference/manifest.js';
import { deadline } from '../../../http/deadline.js';
import { compileCheck } from '../../../validation.js';
import { analyze } from '../analysis.js';
import { bodyOf } from '../../../http/body.js';
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
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const { x, y, ...fields } = readFields(bodyOf(request.body), GRADIENT_FIELDS);
      const samples = readMatrices({ x, y }, limits);
      const options = checkOptions(fields);
      return analyze(
        engine,
        { request, reply, start, signal, options },
        async (estimate, model) => {
          checkGradient(model);
          const { grad_x, grad_y, ...rest } = await gradient(estimate, samples, model, options);
          return {
            ...rest,
            grad_x: shapedAs(x, grad_x),
            grad_y: shapedAs(y, grad_y),
            samples: {
              rows: samples.x.rows,
              dim_x: samples.x.columns,
              dim_y: samples.y.columns,
            },
          };
        },
      );
    },
  );
}

/** Rows, or one flat array where the side came as one. */
function shapedAs(side: unknown, rows: number[][]): number[] | number[][] {
  return Array.isArray((side as unknown[])[0]) ? rows : rows.flat();
}

/** @throws MistdError no_gradient */
function checkGradient(manifest: Manifest): void {
  if (hasGradient(manifest)) return;
  throw new MistdError('no_gradient', `Model ${manifest.id} has no gradient.onnx.`, {
    pointer: '/model',
  });
}
