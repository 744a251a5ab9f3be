/**
 * The formats of request bodies: for each its media types, its readers, which also describe it in
 * OpenAPI, and the error for an invalid body. A new format needs a reader in one of the folders
 * beside this file and a row here.
 */
import type { ErrorCode } from '../errors.js';
import type { PairFormat } from './preference/pair-format.js';
import { ndjsonPairs } from './preference/pairs.js';
import { csvPairs } from './preference/pairs-csv.js';
import { csvTable } from './table/csv.js';
import { ndjsonTable } from './table/ndjson.js';
import { npyTable } from './table/npy-table.js';
import { npzTable } from './table/npz.js';
import { parquetTable } from './table/parquet.js';
import type { TableFormat } from './table/table-format.js';
import { rawTable } from './table/tensor.js';

export interface Format {
  /** What people call it. */
  readonly name: string;
  /** The usual media type first, then its other names. */
  readonly mediaTypes: readonly [string, ...string[]];
  /** The code of the error for a body that is not valid in this format. */
  readonly error: ErrorCode;
  /** Reads samples. JSON has no reader here, because its body also holds options (`readSamples`). */
  readonly table?: TableFormat;
  /** Reads preference pairs as they arrive. */
  readonly pairs?: PairFormat;
}

export const FORMATS = {
  json: { name: 'JSON', mediaTypes: ['application/json'], error: 'invalid_json' },
  csv: {
    name: 'CSV',
    mediaTypes: ['text/csv'],
    error: 'invalid_csv',
    table: csvTable,
    pairs: csvPairs,
  },
  ndjson: {
    name: 'NDJSON',
    mediaTypes: [
      'application/x-ndjson',
      'application/ndjson',
      'application/jsonl',
      'application/x-jsonlines',
      'application/jsonlines',
    ],
    error: 'invalid_json',
    table: ndjsonTable,
    pairs: ndjsonPairs,
  },
  tensor: {
    name: 'raw numbers',
    mediaTypes: ['application/octet-stream'],
    error: 'invalid_tensor',
    table: rawTable,
  },
  npy: { name: 'npy', mediaTypes: ['application/x-npy'], error: 'invalid_npy', table: npyTable },
  npz: {
    name: 'npz',
    mediaTypes: ['application/x-npz', 'application/zip'],
    error: 'invalid_npy',
    table: npzTable,
  },
  parquet: {
    name: 'Parquet',
    mediaTypes: ['application/vnd.apache.parquet', 'application/x-parquet'],
    error: 'invalid_parquet',
    table: parquetTable,
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;

const ROWS: readonly (readonly [FormatName, Format])[] = Object.entries(FORMATS) as [
  FormatName,
  Format,
][];

/** Returns the name of the format that has this media type. */
export function formatOfMediaType(mediaType: string): FormatName | undefined {
  return ROWS.find(([, { mediaTypes }]) => mediaTypes.includes(mediaType))?.[0];
}

/** The formats other than JSON that hold samples. */
export function tableFormats(): (Format & { readonly table: TableFormat })[] {
  return ROWS.flatMap(([, format]) =>
    format.table === undefined ? [] : [{ ...format, table: format.table }],
  );
}

/** The formats other than JSON that hold preference pairs. */
export function pairFormats(): (Format & { readonly pairs: PairFormat })[] {
  return ROWS.flatMap(([, format]) =>
    format.pairs === undefined ? [] : [{ ...format, pairs: format.pairs }],
  );
}
