import type { FastifySchemaCompiler } from 'fastify';
import type { Config } from '../config.js';
import type { DataLimits } from '../formats/table/data.js';
import type { Prepared, PreparedSide } from '../samples/prepare.js';
import type { SamplesReply, TableReply } from './samples-schema.js';

/** Parameters are texts, and mean different things by format: formats/ reads and checks them. */
export const unchecked: FastifySchemaCompiler<unknown> = () => () => true;

export function dataLimits(config: Config): DataLimits {
  return {
    maxRows: config.MAX_ROWS,
    maxColumns: config.MAX_DIM,
    maxSides: config.MAX_COLUMNS,
    maxBytes: config.MAX_BODY_BYTES,
  };
}

/** What was made of the samples of named sides. */
export function samplesReply(data: Prepared<'x' | 'y'>): SamplesReply {
  const { x, y } = data.named;
  return { dim_x: x.sent, dim_y: y.sent, ...tableReply(data) };
}

/** What was made of the samples of a table. */
export function tableReply({ named, apart, rows, dropped }: Prepared): TableReply {
  const sides = [...Object.values<PreparedSide>(named), ...apart];
  const discrete = sides.flatMap((side) => side.discrete);
  return { rows, dropped, ...(discrete.length === 0 ? {} : { discrete }) };
}
