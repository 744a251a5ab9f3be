import type { Layout } from '../../../src/formats/table/layout.js';
import type { TableFormat, TableSource } from '../../../src/formats/table/table-format.js';
import type { Side } from '../../../src/samples/columns.js';

export const limits = { maxRows: 200, maxColumns: 5, maxSides: 4, maxBytes: 100_000 };

/** Reads a body by a format; `place` holds the parameters that say where the samples are. */
export async function read<Name extends string>(
  format: TableFormat,
  body: string | Uint8Array,
  layout: Layout<Name>,
  place: Record<string, unknown> = {},
  more: Partial<Pick<TableSource, 'categorical' | 'limits'>> = {},
) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body);
  return format.read(bytes, { layout, place, categorical: [], limits, ...more });
}

/** The values of each column of a side. */
export const valuesOf = (side: Side | undefined) =>
  (side?.columns ?? []).map(({ values }) => [...values]);

/** What an error of a body looks like; a pointer is '' for the whole body. */
export const problem = (code: string, pointer = '') => ({ code, details: { pointer } });
