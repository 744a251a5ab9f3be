import { MistdError, pointerStep } from '../../errors.js';
import { record, type Side, type Sides } from '../../samples/columns.js';
import { counted, describe, quote } from '../text/describe.js';
import { readSide } from './json.js';
import type { Layout } from './layout.js';
import { checkApart, checkSameRows, standingApart, type TableLimits } from './table.js';

/**
 * Reads the samples of a JSON body. Each side is a field that holds rows or a flat array. A table
 * of columns apart is either `{features: {name: values}}` or `{data: rows, names?}`; the values of
 * a name are a flat array for one column, or rows for several columns.
 *
 * @throws MistdError with the JSON pointer of the fault.
 */
export function readJsonSides<Name extends string>(
  fields: Readonly<Record<string, unknown>>,
  { sides, apart }: Layout<Name>,
  limits: TableLimits,
): Sides<Name> {
  const read = {
    apart: apart === undefined ? [] : readApart(fields, apart.name, limits),
    named: record(sides, (name) => readSide(fields[name], name, limits)),
  };
  if (apart !== undefined) {
    const pointer = fields.data === undefined ? `/${apart.name}` : '/data';
    checkApart(read.apart.length, apart.least, limits, pointer);
  }
  checkSameRows(read);
  return read;
}

function readApart(
  { data, names, ...fields }: Readonly<Record<string, unknown>>,
  field: string,
  limits: TableLimits,
): Side[] {
  const columns = fields[field];
  if (columns === undefined && data !== undefined) return readData(data, names, limits);
  for (const [name, value] of Object.entries({ data, names })) {
    if (value === undefined) continue;
    throw new MistdError('unknown_field', `${name} and ${field} cannot both be given.`, {
      pointer: `/${name}`,
    });
  }
  if (columns === undefined) {
    throw new MistdError('missing_field', `${field} is missing.`, { pointer: `/${field}` });
  }
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw new MistdError('invalid_type', `${field} is ${describe(columns)}, not an object.`, {
      pointer: `/${field}`,
    });
  }
  const entries = Object.entries(columns);
  checkApart(entries.length, 0, limits, `/${field}`);
  return entries.map(([name, values]) =>
    standingApart(readSide(values, field + pointerStep(name), limits, name)),
  );
}

function readData(data: unknown, names: unknown, limits: TableLimits): Side[] {
  const all = readSide(data, 'data', { ...limits, maxColumns: limits.maxSides });
  const given = names === undefined ? undefined : readNames(names, all.columns.length);
  return all.columns.map((column, c) => {
    const name = given?.[c] ?? `column ${c}`;
    return {
      name,
      columns: [{ ...column, name }],
      pointer: '/data',
      pointerOf: (row) => all.pointerOf(row, c),
    };
  });
}

function readNames(names: unknown, columns: number): string[] {
  if (!Array.isArray(names)) {
    throw new MistdError('invalid_type', `names is ${describe(names)}, not an array.`, {
      pointer: '/names',
    });
  }
  if (names.length !== columns) {
    throw new MistdError(
      'invalid_value',
      `names has ${counted(names.length, 'element')}; data has ${counted(columns, 'column')}.`,
      { pointer: '/names' },
    );
  }
  const seen = new Set<string>();
  return names.map((name: unknown, c) => {
    const pointer = `/names/${c}`;
    if (typeof name !== 'string') {
      throw new MistdError('invalid_type', `Name ${c} is ${describe(name)}, not a string.`, {
        pointer,
      });
    }
    if (seen.has(name)) {
      throw new MistdError('invalid_value', `The name ${quote(name)} appears twice.`, { pointer });
    }
    seen.add(name);
    return name;
  });
}
