import type { TObject } from 'typebox';
import type { Config } from '../config.js';
import { type ReadSamples, readSamples, type SamplesForm } from '../formats/samples.js';
import type { DataLimits } from '../formats/table/table-format.js';
import type { Prepared, PreparedSide } from '../samples/prepare.js';
import { bytesOf, formatOf } from './body.js';
import { runSomewhere } from './offload.js';
import type { OpenRequest } from './open-request.js';
import type { SamplesReply, TableReply } from './samples-schema.js';
import type { Service } from './service.js';

/** Limits on samples, from the settings. */
export function dataLimits(config: Config): DataLimits {
  return {
    maxRows: config.MAX_ROWS,
    maxColumns: config.MAX_DIM,
    maxSides: config.MAX_COLUMNS,
    maxBytes: config.MAX_BODY_BYTES,
  };
}

/** The samples and options of a request, and how long reading them took. */
export interface OpenSamples<Name extends string, Options extends TObject>
  extends ReadSamples<Name, Options> {
  readonly parseMs: number;
}

/**
 * Reads the samples and options of a request in any format.
 *
 * @throws MistdError as `readSamples`
 */
export async function openSamples<Name extends string, Options extends TObject>(
  { request, signal, elapsedMs }: OpenRequest,
  { helpers, config }: Service,
  form: SamplesForm<Name, Options>,
): Promise<OpenSamples<Name, Options>> {
  const body = {
    format: formatOf(request),
    bytes: bytesOf(request),
    query: { ...(request.query as Record<string, string | string[]>) },
  };
  const read = (await runSomewhere(
    helpers,
    readSamples,
    [body, form as SamplesForm, dataLimits(config)],
    body.format === 'json' ? { bytes: body.bytes.length } : 'large',
    signal,
  )) as ReadSamples<Name, Options>;
  return { ...read, parseMs: elapsedMs() };
}

/** Describes the samples of two sides, as they were used, for a reply. */
export function samplesReply(data: Prepared<'x' | 'y'>): SamplesReply {
  const { x, y } = data.named;
  return { dim_x: x.sent, dim_y: y.sent, ...tableReply(data) };
}

/** Describes the samples of a table, as they were used, for a reply. */
export function tableReply({ named, apart, rows, dropped }: Prepared): TableReply {
  const sides = [...Object.values<PreparedSide>(named), ...apart];
  const discrete = sides.flatMap((side) => side.discrete);
  return { rows, dropped, ...(discrete.length === 0 ? {} : { discrete }) };
}
