import { type AsyncBuffer, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { MistdError, pointerStep } from '../../errors.js';
import type { Sides } from '../../samples/columns.js';
import type { ColumnBuilder } from './column-builder.js';
import type { Layout } from './layout.js';
import type { Choice, TableLimits } from './table.js';
import { TableBuilder } from './table-builder.js';

/**
 * Reads a Parquet file: the columns named by the choice, of numbers, booleans or texts. Nulls and
 * NaN are missing values; dates count as milliseconds since 1970.
 *
 * @param maxBytes that the pages of these columns may take once unpacked.
 * @throws MistdError invalid_parquet, unknown_column, body_too_large and those of columns.
 */
export async function readParquet<Name extends string>(
  bytes: Buffer,
  layout: Layout<Name>,
  choice: Choice,
  limits: TableLimits,
  maxBytes: number,
): Promise<Sides<Name>> {
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    const schema = parquetSchema(metadata).children;
    const known = schema.map(({ element }) => element.name);
    const rows = Number(metadata.num_rows);
    const table = new TableBuilder(known, layout, choice, limits, rows);
    const nested = schema.find(
      ({ element, children }) => children.length > 0 && table.builders.has(element.name),
    );
    if (nested !== undefined) {
      throw new MistdError('unsupported_dtype', `Column ${nested.element.name} is nested.`, {
        pointer: pointerStep(nested.element.name),
      });
    }
    await parquetRead({
      file,
      metadata,
      columns: [...table.builders.keys()],
      compressors: within(maxBytes),
      onChunk: ({ columnName, columnData }) => {
        const builder = table.builders.get(columnName) as ColumnBuilder;
        for (const value of columnData) builder.add(plain(value));
      },
    });
    return table.finish(rows);
  } catch (error) {
    if (error instanceof MistdError) throw error;
    throw new MistdError(
      'invalid_parquet',
      `The body is not a Parquet file that can be read: ${(error as Error).message}.`,
      { pointer: '', cause: error },
    );
  }
}

/** The decompressors, which together give no more than so many bytes. */
function within(maxBytes: number): typeof compressors {
  let left = maxBytes;
  const limited = Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number) => {
      left -= length;
      if (!(left >= 0)) {
        throw new MistdError(
          'body_too_large',
          `Unpacked, the columns take more than ${maxBytes} bytes.`,
        );
      }
      return decompress(input, length);
    },
  ]);
  return Object.fromEntries(limited);
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  return Number.isNaN(value) ? null : value;
}
