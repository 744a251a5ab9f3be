import { Type } from 'typebox';
import { MistdError } from '../../errors.js';
import { record, type Sides } from '../../samples/columns.js';
import {
  type CategoryCoding,
  type DataOptions,
  MISSING_RULES,
  type Prepared,
  prepare,
} from '../../samples/prepare.js';
import { compileCheck } from '../../validation.js';
import { readCsv } from './csv.js';
import { readFields, unknownField } from './json.js';
import { readJsonSides } from './json-table.js';
import { choiceFields, type Layout, sampleFields } from './layout.js';
import { readNdjson } from './ndjson.js';
import { readNpyTable, readNpz } from './npz.js';
import { kindsOf, optionNames, type ParameterKinds, parameterValue } from './parameters.js';
import { readParquet } from './parquet.js';
import type { Choice, TableLimits } from './table.js';
import { readTensor, type TensorShape } from './tensor.js';

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

export interface DataLimits extends TableLimits {
  /** That a compressed body may take once unpacked. */
  readonly maxBytes: number;
}

/** What a route takes. */
export interface Form<Name extends string = string> {
  readonly layout: Layout<Name>;
  /** Of its fields beside the samples and the options of data. */
  readonly options: ParameterKinds;
  readonly coding: CategoryCoding;
}

/** Samples ready for the estimators, and the other fields, still unchecked. */
export interface ReadData<Name extends string = string> {
  readonly data: Prepared<Name>;
  readonly fields: Record<string, unknown>;
}

const names = (description: string) =>
  Type.Array(Type.String(), { default: [], maxItems: 1000, description });

/** What a request may say of its samples, in any format. */
export const dataOptions = {
  missing: Type.Enum([...MISSING_RULES], {
    default: 'error',
    description:
      'Missing values (null; NaN in binary; an empty cell, NA, N/A, NaN, null or None in CSV): refuse the request, or leave out the rows that have one. drop_pairwise leaves out of each estimate of a table only the rows that its own columns miss; elsewhere it does what drop_rows does',
  }),
  categorical: names(
    'Names of columns whose values have no order; columns of texts are so by themselves. Their labels are numbered by how frequent they are; for /estimate/classical each but the most frequent label is a column of 0 and 1. Columns of arrays are called x0, x1, … for an array x',
  ),
  discrete: names(
    'Names of columns of numbers that take few values, where it is not seen: whole numbers of at most 20 values, each in 5 rows on average',
  ),
};

const checkData = compileCheck(Type.Object(dataOptions));

const dim = Type.Integer({ minimum: 1, default: 1 });

/** How raw numbers are laid out. */
const tensorOptions = {
  rows: Type.Integer({ minimum: 1 }),
  dim_x: dim,
  dim_y: dim,
  dim_z: dim,
  dtype: Type.Enum(['float32', 'float64'], { default: 'float64' }),
};

const checkTensor = compileCheck(Type.Object(tensorOptions));

const KINDS = kindsOf({ ...dataOptions, ...tensorOptions });

/**
 * Reads a body of any format, deals with missing values and categories.
 *
 * @throws MistdError with the JSON pointer of what is wrong; of a parameter, `/name`.
 */
export async function readData<Name extends string>(
  body: Body,
  form: Form<Name>,
  limits: DataLimits,
): Promise<ReadData<Name>> {
  const { layout } = form;
  if (body.format === 'json') {
    const [parameter] = Object.keys(body.query);
    if (parameter !== undefined) {
      throw new MistdError(
        'unknown_field',
        'The options of a JSON request are fields of its body, not parameters.',
        { pointer: `/${parameter}` },
      );
    }
    return readJsonData(body.bytes, form, limits);
  }
  const { place, options, fields } = parametersOf(body, form);
  const checked = checkDataOptions(options, layout);
  const sides = await readSides(body, layout, place, checked, limits);
  return { data: prepare(sides, checked, limits, form.coding), fields };
}

/** Reads a JSON body: a field a side, a table, and options. */
export function readJsonData<Name extends string>(
  bytes: Buffer,
  { layout, options, coding }: Form<Name>,
  limits: TableLimits,
): ReadData<Name> {
  const names = optionNames(options);
  const known = [...sampleFields(layout), ...DATA_FIELDS, ...names];
  const body = readFields(bytes, known);
  const checked = checkDataOptions(only(body, DATA_FIELDS), layout);
  const sides = readJsonSides(body, layout, limits);
  return { data: prepare(sides, checked, limits, coding), fields: only(body, names) };
}

const DATA_FIELDS = Object.keys(dataOptions);

function checkDataOptions(fields: Record<string, unknown>, { ordered }: Layout): DataOptions {
  const options = checkData(fields);
  if (ordered && options.missing !== 'error') {
    throw new MistdError(
      'invalid_value',
      `missing is ${options.missing}: rows of a time series cannot be left out without moving those after them closer. Fill the gaps before sending it.`,
      { pointer: '/missing' },
    );
  }
  return options;
}

function readSides<Name extends string>(
  { format, bytes }: Body,
  layout: Layout<Name>,
  place: Record<string, unknown>,
  { categorical }: DataOptions,
  limits: DataLimits,
): Promise<Sides<Name>> | Sides<Name> {
  const choice = place as Choice;
  switch (format) {
    case 'csv':
      return readCsv(bytes, layout, choice, categorical, limits);
    case 'ndjson':
      return readNdjson(bytes, layout, choice, limits);
    case 'npy':
      return readNpyTable(bytes, layout, choice, limits);
    case 'npz':
      return readNpz(bytes, layout, choice, limits, limits.maxBytes);
    case 'parquet':
      return readParquet(bytes, layout, choice, limits, limits.maxBytes);
    default:
      return readTensor(bytes, layout, tensorShape(place, layout), limits);
  }
}

function tensorShape<Name extends string>(
  place: Record<string, unknown>,
  { sides }: Layout<Name>,
): TensorShape<Name> {
  const { rows, dtype, ...rest } = checkTensor(place);
  const dims: Record<string, number> = rest;
  return { rows, dtype, dims: record(sides, (side) => dims[`dim_${side}`] as number) };
}

interface Parameters {
  /** Where the samples are in the body: the columns of each side, or the shape of raw numbers. */
  readonly place: Record<string, unknown>;
  /** Options of data. */
  readonly options: Record<string, unknown>;
  readonly fields: Record<string, unknown>;
}

/** The parameters of a query as the fields that they stand for; `a.b` stands for b of a field a. */
function parametersOf({ format, query }: Body, { layout, options }: Form): Parameters {
  if (format === 'tensor' && layout.apart !== undefined) {
    throw new MistdError(
      'unsupported_media_type',
      'Raw numbers have no named columns; send this table as CSV, NDJSON, npy, npz, Parquet or JSON.',
    );
  }
  const places =
    format === 'tensor'
      ? ['rows', ...layout.sides.map((side) => `dim_${side}`), 'dtype']
      : choiceFields(layout);
  const names = optionNames(options);
  const known = [...places, ...DATA_FIELDS, ...names];
  const kinds: ParameterKinds = { ...KINDS, ...options };
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    const [field = '', inner] = name.split('.', 2);
    if (!known.includes(field)) throw unknownField(field, known);
    if (inner !== undefined && !names.includes(field)) throw unknownField(name, known);
    if (choiceFields(layout).includes(field)) fields[field] = [value].flat();
    else {
      const read = parameterValue(value, kinds[name]);
      fields[field] = inner === undefined ? read : { ...(fields[field] as object), [inner]: read };
    }
  }
  return {
    place: only(fields, places),
    options: only(fields, DATA_FIELDS),
    fields: only(fields, names),
  };
}

/** The fields of these names that are there. */
function only(fields: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name]]] : [])),
  );
}
