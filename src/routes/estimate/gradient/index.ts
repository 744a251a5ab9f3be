import type { FastifyInstance } from 'fastify';
import { gradient } from '../../../estimation/gradient.js';
import { readFields, readMatrices } from '../../../formats/table/json.js';
import { bytesOf } from '../../../http/body.js';
import { addPost } from '../../../http/open-request.js';
import { dataLimits } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { requireGradient } from '../../../inference/manifest.js';
import { compileCheck } from '../../../validation.js';
import { askModel } from '../analysis.js';
import { GRADIENT_FIELDS, GradientOptions, gradientRoute, gradientSchemas } from './schema.js';

const checkOptions = compileCheck(GradientOptions);

export function gradientRoutes(app: FastifyInstance, service: Service): void {
  for (const schema of gradientSchemas) app.addSchema(schema);
  const limits = dataLimits(service.config);
  const route = { url: '/estimate/gradient', schema: gradientRoute };
  addPost(app, service, route, async (open) => {
    const { x, y, ...fields } = readFields(bytesOf(open.request), GRADIENT_FIELDS);
    const options = checkOptions(fields);
    const samples = readMatrices({ x, y }, limits);
    return askModel(open, service, options, open.elapsedMs(), async (ask, model) => {
      requireGradient(model);
      const { grad_x, grad_y, ...rest } = await gradient(ask, samples, model, options);
      return {
        ...rest,
        grad_x: shapedAs(x, grad_x),
        grad_y: shapedAs(y, grad_y),
        samples: { rows: samples.x.rows, dim_x: samples.x.columns, dim_y: samples.y.columns },
      };
    });
  });
}

/** Returns rows, or one flat array if the side was sent as a flat array. */
function shapedAs(side: unknown, rows: number[][]): number[] | number[][] {
  return Array.isArray((side as unknown[])[0]) ? rows : rows.flat();
}
