import type { FastifyInstance } from 'fastify';
import { MistdError } from '../../../errors.js';
import { type Selection, screen, type TargetType } from '../../../estimation/screen.js';
import { levelsByCount } from '../../../samples/levels.js';
import { checkCategories, type PreparedSide } from '../../../samples/prepare.js';
import { columnOf, type NamedSide } from '../../../samples/samples.js';
import { type Answer, addAnalysis, type Service } from '../analysis.js';
import { tableReply } from '../../../http/samples-reply.js';
import { type ScreenReply, screenRoute, screenSamples, screenSchemas } from './schema.js';

export function screenRoutes(app: FastifyInstance, service: Service): void {
  const route = {
    url: '/estimate/screen',
    schema: screenRoute,
    schemas: screenSchemas,
    ...screenSamples,
  };
  const maxColumns = service.config.MAX_DIM;
  addAnalysis(
    app,
    service,
    route,
    async ({ data, options, estimate, manifest }): Promise<Answer<ScreenReply>> => {
      const { level, unit, permutations, seed, select, target_type: targetType } = options;
      const { target } = data.named;
      checkTarget(target, targetType);
      checkSelection(select, data.apart, maxColumns);
      return {
        ...(await screen(estimate, data.apart, target, manifest, {
          level,
          unit,
          permutations,
          seed,
          ...(targetType === undefined ? {} : { targetType }),
          ...(select === undefined ? {} : { select }),
        })),
        samples: tableReply(data),
      };
    },
  );
}

/** Classes are one column, of not too many; texts are no numbers. */
function checkTarget(target: PreparedSide, type: TargetType | undefined): void {
  const named = target.discrete.some((column) => column.type === 'categorical');
  if (type === 'classes' && target.sent > 1) {
    throw new MistdError('invalid_value', 'A target of classes has one column.', {
      pointer: '/target',
    });
  }
  if (type === 'numeric' && named) {
    throw new MistdError('invalid_value', 'A target of categories is not numeric.', {
      pointer: '/target_type',
    });
  }
  if (type === 'classes') {
    checkCategories('The target', levelsByCount(columnOf(target.matrix, 0)).length, '/target');
  }
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
