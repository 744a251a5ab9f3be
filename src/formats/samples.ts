import { type Static, type TObject, Type } from 'typebox';
import { MistdError, pointerStep } from '../errors.js';
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

/** The body of a request, and what determines how to read it. */
export interface SamplesBody {
  readonly format: FormatName;
  readonly bytes: Uint8Array;
  /** Query parameters; they hold the options for every format except JSON. */
  readonly query: Readonly<Record<string, string | string[]>>;
}

/** Describes what a route reads, as plain data that helper threads can take. */
export interface SamplesForm<Name extends string = string, Options extends TObject = TObject> {
  readonly layout: Layout<Name>;
  /** The options of the route itself; the schema must have an `$id`. */
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

/** The options about samples, the same in every format. */
export const dataOptions = {
  missing: Type.Enum([...MISSING_RULES], {
    default: 'error',
    description:
      'What to do with missing values (null; NaN in binary formats; an empty cell, NA, N/A, NaN, null or None in CSV). error: refuse the request. drop_rows: leave out every row that has one. drop_pairwise: for a table, leave out of each estimate only the rows with a missing value in its own columns; for other data, the same as drop_rows',
  }),
  categorical: names(
    'Names of columns whose values have no order; columns of strings need not be named. The labels are numbered by frequency; for the classical methods, each label except the most frequent one becomes a column of 0 and 1. The columns of an array x are called x0, x1, …',
  ),
  discrete: names(
    'Names of numeric columns with few distinct values that are not detected. Detected are columns of whole numbers with at most 20 distinct values and at least 5 rows per value on average',
  ),
};

const DATA_FIELDS = Object.keys(dataOptions);
const DATA_KINDS = kindsOf({ ...dataOptions, ...tensorOptions });

const checkData = compileCheck(Type.Object(dataOptions));

/**
 * Reads the body of a request in any format, checks its options, and prepares the samples: missing
 * values and categories.
 *
 * @throws MistdError with the JSON pointer of the fault; for a query parameter, `/name`.
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

/** Reads a JSON body, whose fields hold the samples, the data options and the route's options. */
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
      `missing is ${options.missing}, but no row of a time series can be left out, because its neighbors would move closer together. Fill the gaps before sending the series.`,
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

/** Converts the query parameters to fields; `a.b` is field b of option a. */
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
    const [field = '', inner] = name.split('.');
    if (!known.includes(field)) throw unknownField(field, known);
    if (choiceFields(layout).includes(name)) fields[name] = [value].flat();
    else {
      const kind = allKinds[name];
      // An option that is an object has a parameter for each of its fields, and none of its own.
      if (kind === undefined) {
        const names = [...places, ...DATA_FIELDS, ...Object.keys(kinds)];
        throw unknownField(name, names, name.split('.').map(pointerStep).join(''));
      }
      const read = parameterValue(value, kind);
      fields[field] = inner === undefined ? read : { ...(fields[field] as object), [inner]: read };
    }
  }
  return {
    place: only(fields, places),
    data: only(fields, DATA_FIELDS),
    fields: only(fields, names),
  };
}

/** The fields with these names, as far as they are present. */
function only(fields: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(fields, name) ? [[name, fields[name]]] : [])),
  );
}
