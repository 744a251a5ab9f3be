import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Config } from '../../config.js';
import { MistdError } from '../../errors.js';
import { commonRows, lagged } from '../../estimation/lagged.js';
import { readJsonRequest } from '../../formats/json.js';
import type { Engine } from '../../inference/engine.js';
import { MIN_ROWS, type Samples } from '../../samples/samples.js';
import { compileCheck } from '../../validation.js';
import { analyze } from '../analysis/index.js';
import { bodyOf } from '../body.js';
import {
  LAGGED_FIELDS,
  LaggedOptions,
  type LaggedReply,
  laggedRoute,
  laggedSchemas,
} from './schema.js';

const checkOptions = compileCheck(LaggedOptions);

export function laggedRoutes(app: FastifyInstance, engine: Engine, config: Config): void {
  for (const schema of laggedSchemas) app.addSchema(schema);
  const limits = { maxRows: config.MAX_ROWS, maxColumns: config.MAX_DIM };

  app.post(
    '/estimate/lagged',
    { schema: laggedRoute },
    async (request, reply): Promise<LaggedReply> => {
      const start = performance.now();
      const body = bodyOf(request.body);
      const { samples, fields } = readJsonRequest(body, LAGGED_FIELDS, limits);
      const options = checkOptions(fields);
      checkRows(samples, options);
      checkColumns(samples, options.history, limits.maxColumns);
      const { rows, columns: dim_x } = samples.x;
      return analyze(
        engine,
        config,
        { request, reply, start, options },
        async (estimate, model) => ({
          ...(await lagged(estimate, samples, model, {
            ...options,
            earlyStop: options.early_stop,
            blockLength: options.block_length,
          })),
          samples: { rows, dim_x, dim_y: samples.y.columns },
        }),
      );
    },
  );
}

type Options = Static<typeof LaggedOptions>;

/** The lags and the history must leave enough rows, and the blocks must be within them. */
function checkRows({ x }: Samples, { lags, history, block_length }: Options): void {
  const { from, to } = commonRows(x.rows, lags);
  const checks = [
    { pointer: '/lags', left: to - from },
    { pointer: '/lags', left: x.rows - Math.max(...lags.map(Math.abs)) },
    { pointer: '/history', left: x.rows - Math.max(history.source, history.target) },
  ];
  for (const { pointer, left } of checks) {
    if (left >= MIN_ROWS) continue;
    throw new MistdError(
      'out_of_range',
      `Of the ${x.rows} rows, ${Math.max(0, left)} have all of ${pointer.slice(1)}.`,
      { pointer },
    );
  }
  if (block_length !== undefined && 2 * block_length > x.rows) {
    throw new MistdError(
      'out_of_range',
      `block_length is ${block_length}: there must be two blocks in the ${x.rows} rows.`,
      { pointer: '/block_length' },
    );
  }
}

/** The past of a series has its columns once a row of history. */
function checkColumns({ x, y }: Samples, history: Options['history'], maxColumns: number): void {
  const widest = Math.max(x.columns, y.columns);
  const together = widest * (history.source + history.target);
  if (together <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `The pasts of x and y have up to ${together} columns together; the limit is ${maxColumns}.`,
    { pointer: '/history' },
  );
}
