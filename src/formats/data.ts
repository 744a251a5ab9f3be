import { Type } from 'typebox';
import { MistdError } from '../errors.js';
import type { Sides } from '../samples/columns.js';
import { type DataOptions, MISSING_RULES, type Prepared, prepare } from '../samples/prepare.js';
import type { SampleLimits } from '../samples/samples.js';
import { compileCheck } from '../validation.js';
import { readCsv } from './csv.js';
import { readFields, readSide, unknownField } from './json.js';
import { readNdjson } from './ndjson.js';
import { readNpyTable, readNpz } from './npz.js';
import { readParquet } from './parquet.js';
import { readTensor } from './tensor.js';

export type Format = 'json' | 'csv' | 'ndjson' | 'tensor' | 'npy' | 'npz' | 'parquet';

/** The media types of each format, the usual one first. */
export const MEDIA_TYPES: Readonly<Record<Format, readonly string[]>> = {
  json: ['application/json'],
  csv: ['text/csv'],
  ndjson: ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
  tensor: ['application/octet-stream'],
  npy: ['application/x-npy'],
  npz: ['application/x-npz', 'application/zip'],
  parquet: ['application/vnd.apache.parquet', 'application/x-parquet'],
};

/** A request's body with what says how to read it. */
export interface Body {
  readonly format: Format;
  readonly bytes: Buffer;
  /** Parameters of the query string; options of every format but JSON stand there. */
  readonly query: Readonly<Record<string, string | string[]>>;
}

export interface DataLimits extends SampleLimits {
  /** That a compressed body may take once unpacked. */
  readonly maxBytes: number;
}

/** Samples ready for the estimators, and the other fields, still unchecked. */
export interface ReadData {
  readonly data: Prepared;
  readonly fields: Record<string, unknown>;
}

const names = (description: string) =>
  Type.Array(Type.String(), { default: [], maxItems: 1000, description });

/** What a request may say of its samples, in any format. */
export const dataOptions = {
  missing: Type.Enum([...MISSING_RULES], {
    default: 'error',
    description:
      'Missing values (null; NaN in binary; an empty cell, NA, N/A, NaN, null or None in CSV): refuse the request, or leave out the rows that have one. With one x and one y, drop_pairwise does what drop_rows does',
  }),
  categorical: names(
    'Names of columns whose values have no order; columns of texts are so by themselves. Each becomes a column of 0 and 1 a label, but for the most frequent label. Columns of arrays are called x0, x1, … and y0, y1, …',
  ),
  discrete: names(
    'Names of columns of numbers that take few values, where it is not seen: whole numbers of at most 20 values, each in 5 rows on average',
  ),
};

const checkData = compileCheck(Type.Object(dataOptions));

/** How raw numbers are laid out. */
const checkTensor = compileCheck(
  Type.Object({
    rows: Type.Integer({ minimum: 1 }),
    dim_x: Type.Integer({ minimum: 1, default: 1 }),
    dim_y: Type.Integer({ minimum: 1, default: 1 }),
    dtype: Type.Enum(['float32', 'float64'], { default: 'float64' }),
  }),
);

const LISTS = ['quantiles', 'methods', 'categorical', 'discrete'];
const NUMBERS = ['quantiles', 'level', 'seed', 'k', 'bins', 'rows', 'dim_x', 'dim_y'];
const BOOLEANS = ['checks'];
const TENSOR = ['rows', 'dim_x', 'dim_y', 'dtype'];

/**
 * Reads a body of any format, deals with missing values and categories.
 *
 * @param known fields that a JSON body may have, x, y and the options of data among them.
 * @throws MistdError with the JSON pointer of what is wrong; of a parameter, `/name`.
 */
export async function readData(
  body: Body,
  known: readonly string[],
  limits: DataLimits,
): Promise<ReadData> {
  if (body.format === 'json') {
    const [parameter] = Object.keys(body.query);
    if (parameter !== undefined) {
      throw new MistdError(
        'unknown_field',
        'The options of a JSON request are fields of its body, not parameters.',
        { pointer: `/${parameter}` },
      );
    }
    return readJsonData(body.bytes, known, limits);
  }
  const { x, y, rows, dim_x, dim_y, dtype, ...fields } = fieldsOf(body, known);
  const { missing, categorical, discrete, ...others } = fields;
  const options = checkData(defined({ missing, categorical, discrete }));
  const choice = { x: listOf(x, 'x'), y: listOf(y, 'y') };
  const shape = defined({ rows, dim_x, dim_y, dtype });
  const sides = await readSides(body, choice, shape, options, limits);
  return { data: prepare(sides, options, limits), fields: others };
}

/** Reads a JSON body `{x, y, ...}`. */
export function readJsonData(
  bytes: Buffer,
  known: readonly string[],
  limits: SampleLimits,
): ReadData {
  const { x, y, missing, categorical, discrete, ...fields } = readFields(bytes, known);
  const options = checkData(defined({ missing, categorical, discrete }));
  const sides = { x: readSide(x, 'x', limits), y: readSide(y, 'y', limits) };
  const [rowsX, rowsY] = [sides.x, sides.y].map(({ columns }) => columns[0]?.values.length);
  if (rowsX !== rowsY) {
    throw new MistdError('unequal_rows', `x has ${rowsX} rows and y has ${rowsY}.`, {
      pointer: '/y',
    });
  }
  return { data: prepare(sides, options, limits), fields };
}

function readSides(
  { format, bytes }: Body,
  choice: { x: string[]; y: string[] },
  shape: Record<string, unknown>,
  { categorical }: DataOptions,
  limits: DataLimits,
): Promise<Sides> | Sides {
  switch (format) {
    case 'csv':
      return readCsv(bytes, choice, categorical, limits);
    case 'ndjson':
      return readNdjson(bytes, choice, limits);
    case 'npy':
      return readNpyTable(bytes, choice, limits);
    case 'npz':
      return readNpz(bytes, limits, limits.maxBytes);
    case 'parquet':
      return readParquet(bytes, choice, limits, limits.maxBytes);
    default:
      return readTensor(bytes, checkTensor(shape), limits);
  }
}

/** The parameters of a query as the fields that they stand for. */
function fieldsOf({ format, query }: Body, known: readonly string[]): Record<string, unknown> {
  const unused = format === 'tensor' || format === 'npz' ? ['x', 'y'] : [];
  const parameters = [
    ...known.filter((name) => !unused.includes(name)),
    ...(format === 'tensor' ? TENSOR : []),
  ];
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    if (!parameters.includes(name)) throw unknownField(name, parameters);
    fields[name] = fieldOf(name, value);
  }
  return fields;
}

function fieldOf(name: string, value: string | string[]): unknown {
  if (name === 'x' || name === 'y') return value;
  const one = (text: string): unknown => {
    if (NUMBERS.includes(name) && text.trim() !== '' && !Number.isNaN(Number(text))) {
      return Number(text);
    }
    if (BOOLEANS.includes(name) && (text === 'true' || text === 'false')) return text === 'true';
    return text;
  };
  if (LISTS.includes(name)) {
    return [value].flat().flatMap((text) => (text === '' ? [] : text.split(',').map(one)));
  }
  return Array.isArray(value) ? value : one(value);
}

/** The texts of ?x= or ?y=; by default the column of that name. */
function listOf(value: unknown, name: string): string[] {
  return value === undefined ? [name] : [value as string | string[]].flat();
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
