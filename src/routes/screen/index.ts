import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.js';
import { MistdError } from '../../errors.js';
import { countClasses, type Selection, screen } from '../../estimation/screen.js';
import { checkSameRows, readFields, readMatrix } from '../../formats/json.js';
import { readNamedSides } from '../../formats/json-table.js';
import type { Engine } from '../../inference/engine.js';
import type { Matrix, NamedSide } from '../../samples/samples.js';
import { compileCheck } from '../../validation.js';
import { analyze, tableLimits } from '../analysis/index.js';
import { bodyOf } from '../body.js';
import {
  SCREEN_FIELDS,
  ScreenOptions,
  type ScreenReply,
  screenRoute,
  screenSchemas,
} from './schema.js';

const checkOptions = compileCheck(ScreenOptions);

export function screenRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of screenSchemas) app.addSchema(schema);
  const limits = tableLimits(config);

  app.post(
    '/estimate/screen',
    { schema: screenRoute },
    async (request, reply): Promise<ScreenReply> => {
      const start = performance.now();
      const body = readFields(bodyOf(request.body), SCREEN_FIELDS);
      const { features, target, ...fields } = body;
      const sides = readNamedSides(features, 'features', limits);
      const y = readMatrix(target, 'target', limits);
      checkSameRows((sides[0] as NamedSide).matrix, 'The first of features', y, 'target');
      const options = checkOptions(fields);
      const { level, unit, permutations, seed, select, target_type: targetType } = options;
      if (targetType === 'classes') checkClasses(y, limits.maxColumns);
      checkSelection(select, sides, limits.maxColumns);
      return analyze(
        engine,
        config,
        { request, reply, start, options },
        async (estimate, model) => ({
          ...(await screen(estimate, sides, y, model, {
            level,
            unit,
            permutations,
            seed,
            ...(targetType === undefined ? {} : { targetType }),
            ...(select === undefined ? {} : { select }),
          })),
          samples: { rows: y.rows },
        }),
      );
    },
  );
}

/** One column of classes, each of which becomes a column. */
function checkClasses(target: Matrix, maxColumns: number): void {
  if (target.columns > 1) {
    throw new MistdError('invalid_value', 'A target of classes has one column.', {
      pointer: '/target',
    });
  }
  const classes = countClasses(target).size;
  if (classes <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `The target has ${classes} classes, a column each; the limit is ${maxColumns}.`,
    { pointer: '/target' },
  );
}

/** No more features than there are, and no more columns together than a side may have. */
function checkSelection(
  select: Selection | undefined,
  features: readonly NamedSide[],
  maxColumns: number,
): void {
  if (select === undefined) return;
  const { k } = select;
  if (k > features.length) {
    throw new MistdError('out_of_range', `k is ${k}, and there are ${features.length} features.`, {
      pointer: '/select/k',
    });
  }
  const widths = features.map(({ matrix }) => matrix.columns).sort((a, b) => b - a);
  const together = widths.slice(0, k).reduce((sum, columns) => sum + columns, 0);
  if (together > maxColumns) {
    throw new MistdError(
      'too_many_columns',
      `${k} features may have ${together} columns together; the limit is ${maxColumns}.`,
      { pointer: '/select/k' },
    );
  }
}
