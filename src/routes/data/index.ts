import type { FastifySchemaCompiler } from 'fastify';
import type { Config } from '../../config.js';
import type { DataLimits } from '../../formats/data.js';
import type { Prepared } from '../../samples/prepare.js';
import type { SamplesReply } from './schema.js';

/** Parameters are texts, and mean different things by format: formats/ reads and checks them. */
export const unchecked: FastifySchemaCompiler<unknown> = () => () => true;

export function dataLimits(config: Config): DataLimits {
  return {
    maxRows: config.MAX_ROWS,
    maxColumns: config.MAX_DIM,
    maxBytes: config.MAX_BODY_BYTES,
  };
}

export function samplesReply({ samples, sent, dropped, discrete }: Prepared): SamplesReply {
  return {
    rows: samples.x.rows,
    dim_x: sent.x,
    dim_y: sent.y,
    dropped,
    ...(discrete.length === 0 ? {} : { discrete: [...discrete] }),
  };
}
