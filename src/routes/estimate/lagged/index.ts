import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { MistdError } from '../../../errors.js';
import { commonRows, lagged } from '../../../estimation/lagged.js';
import { MIN_ROWS, matricesOf, type Samples } from '../../../samples/samples.js';
import { type Answer, addAnalysis, type Service } from '../analysis.js';
import { samplesReply } from '../../../http/samples-reply.js';
import {
  type LaggedOptions,
  type LaggedReply,
  laggedRoute,
  laggedSamples,
  laggedSchemas,
} from './schema.js';

export function laggedRoutes(app: FastifyInstance, service: Service): void {
  const route = {
    url: '/estimate/lagged',
    schema: laggedRoute,
    schemas: laggedSchemas,
    ...laggedSamples,
  };
  const maxColumns = service.config.MAX_DIM;
  addAnalysis(
    app,
    service,
    route,
    async ({ data, options, estimate, manifest }): Promise<Answer<LaggedReply>> => {
      const samples = matricesOf(data.named);
      checkRows(samples, options);
      checkColumns(samples, options.history, maxColumns);
      return {
        ...(await lagged(estimate, data.named, manifest, {
          ...options,
          earlyStop: options.early_stop,
          blockLength: options.block_length,
        })),
        samples: samplesReply(data),
      };
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
