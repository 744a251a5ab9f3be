import { type Static, type TObject, Type } from 'typebox';
import { MistdError } from '../errors.js';
import {
  type CategoryCoding,
  type DataOptions,
  MISSING_RULES,
  type Prepared,
  prepare,
} from '../samples/prepare.js';
import { checkOf, compileCheck } from '../validation.js';
import { FORMATS, type Format, type FormatName } from './registry.js';
import { readFields, unknownField } from './table/json.js';
import { readJsonSides } from './table/json-table.js';
import { choiceFields, type Layout, sampleFields } from './table/layout.js';
import { kindsOf, optionNames, type ParameterKinds, parameterValue } from './table/parameters.js';
import type { TableLimits } from './table/table.js';
import type { DataLimits, TableFormat } from './table/table-format.js';
import { tensorOptions } from './table/tensor.js';
import { asBuffer } from './text/bytes.js';

/** The body of a request, and what says how to read it. */
export interface SamplesBody {
  readonly format: FormatName;
  readonly bytes: Uint8Array;
  /** Parameters of the query string: they hold the options of every format but JSON. */
  readonly query: Readonly<Record<string, string | string[]>>;
}

/** What a route reads: plain data, which helper threads can take. */
export interface SamplesForm<Name extends string = string, Options extends TObject = TObject> {
  readonly layout: Layout<Name>;
  /** The fields beside the samples and the data options; its `$id` names it. */
  readonly options: Options;
  readonly coding: CategoryCoding;
}

/** Samples ready for the estimators, and the checked options of the route. */
export interface ReadSamples<Name extends string = string, Options extends TObject = TObject> {
  readonly data: Prepared<Name>;
  readonly options: Static<Options>;
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

const DATA_FIELDS = Object.keys(dataOptions);
const DATA_KINDS = kindsOf({ ...dataOptions, ...tensorOptions });

const checkData = compileCheck(Type.Object(dataOptions));

/**
 * Reads the body of a request of any format, checks its options, and deals with missing values and
 * categories.
 *
 * @throws MistdError with the JSON pointer of what is wrong; of a query parameter, `/name`.
 */
export async function readSamples<Name extends string, Options extends TObject>(
  { format: name, bytes: sent, query }: SamplesBody,
  form: SamplesForm<Name, Options>,
  limits: DataLimits,
): Promise<ReadSamples<Name, Options>> {
  const bytes = asBuffer(sent);
  const format: Format = FORMATS[name];
  if (format.table === undefined) {
    refuseParameters(query);
    return readJsonSamples(bytes, form, limits);
  }
  const { layout, coding } = form;
  const { place, data, fields } = parametersOf(query, form, format.table);
  const options = checkOf(form.options)(fields);
  const checked = checkDataOptions(data, layout);
  const { categorical } = checked;
  const sides = await format.table.read(bytes, { layout, place, categorical, limits });
  return { data: prepare(sides, checked, limits, coding), options };
}

/** Reads a JSON body: its fields are the sides or a table, the data options and the route's. */
export function readJsonSamples<Name extends string, Options extends TObject>(
  bytes: Buffer,
  { layout, options, coding }: SamplesForm<Name, Options>,
  limits: TableLimits,
): ReadSamples<Name, Options> {
  const names = Object.keys(options.properties);
  const body = readFields(bytes, [...sampleFields(layout), ...DATA_FIELDS, ...names]);
  const fields = checkOf(options)(only(body, names));
  const checked = checkDataOptions(only(body, DATA_FIELDS), layout);
  const sides = readJsonSides(body, layout, limits);
  return { data: prepare(sides, checked, limits, coding), options: fields };
}

function refuseParameters(query: SamplesBody['query']): void {
  const [parameter] = Object.keys(query);
  if (parameter === undefined) return;
  throw new MistdError(
    'unknown_field',
    'The options of a JSON request are fields of its body, not query parameters.',
    { pointer: `/${parameter}` },
  );
}

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

interface Parameters {
  /** Where the samples are in the body. */
  readonly place: Record<string, unknown>;
  /** The data options. */
  readonly data: Record<string, unknown>;
  /** The route's own options. */
  readonly fields: Record<string, unknown>;
}

/** The parameters of a query string as the fields they stand for; `a.b` is field b of a. */
function parametersOf(
  query: SamplesBody['query'],
  { layout, options }: SamplesForm,
  format: TableFormat,
): Parameters {
  const kinds = kindsOf(options.properties);
  const names = optionNames(kinds);
  const places = format.places(layout);
  const known = [...places, ...DATA_FIELDS, ...names];
  const allKinds: ParameterKinds = { ...DATA_KINDS, ...kinds };
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    const [field = '', inner] = name.split('.', 2);
    if (!known.includes(field)) throw unknownField(field, known);
    if (inner !== undefined && !names.includes(field)) throw unknownField(name, known);
    if (choiceFields(layout).includes(field)) fields[field] = [value].flat();
    else {
      const read = parameterValue(value, allKinds[name]);
      fields[field] = inner === undefined ? read : { ...(fields[field] as object), [inner]: read };
    }
  }
  return {
    place: only(fields, places),
    data: only(fields, DATA_FIELDS),
    fields: only(fields, names),
  };
}

/** The fields of these names that are there. */
function only(fields: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name]]] : [])),
  );
}
