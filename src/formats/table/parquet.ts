import { type AsyncBuffer, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { MistdError, pointerStep } from '../../errors.js';
import type { Sides } from '../../samples/columns.js';
import type { ColumnBuilder } from './column-builder.js';
import { choiceFields } from './layout.js';
import { TableBuilder } from './table-builder.js';
import {
  binarySchema,
  choiceOf,
  choiceText,
  type TableFormat,
  type TableSource,
} from './table-format.js';

/**
 * Parquet: columns of numbers, booleans or strings. The choice names the columns to use. Nulls and
 * NaN are missing values; dates become milliseconds since 1970.
 */
export const parquetTable: TableFormat = {
  places: choiceFields,
  read: readParquet,
  describe: (layout) =>
    binarySchema(`A Parquet file. Query parameters choose the columns: ${choiceText(layout)}`),
};

/** @throws MistdError invalid_parquet, unknown_column, body_too_large or the errors of a column. */
async function readParquet<Name extends string>(
  bytes: Buffer,
  source: TableSource<Name>,
): Promise<Sides<Name>> {
  const { layout, limits } = source;
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    const schema = parquetSchema(metadata).children;
    const known = schema.map(({ element }) => element.name);
    const rows = Number(metadata.num_rows);
    const table = new TableBuilder(known, layout, choiceOf(source), limits, rows);
    const nested = schema.find(
      ({ element, children }) => children.length > 0 && table.builders.has(element.name),
    );
    if (nested !== undefined) {
      throw new MistdError('unsupported_dtype', `The column ${nested.element.name} is nested.`, {
        pointer: pointerStep(nested.element.name),
      });
    }
    await parquetRead({
      file,
      metadata,
      columns: [...table.builders.keys()],
      compressors: decompressorsUpTo(limits.maxBytes),
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
      `The Parquet file cannot be read: ${(error as Error).message}.`,
      { pointer: '', cause: error },
    );
  }
}

/** The decompressors, limited to a total output of maxBytes. */
function decompressorsUpTo(maxBytes: number): typeof compressors {
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
