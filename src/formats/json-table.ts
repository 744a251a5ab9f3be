import { MistdError, pointerStep } from '../errors.js';
import { columnOf, type Matrix, type NamedSide, type SampleLimits } from '../samples/samples.js';
import { describe, quote } from './describe.js';
import { checkSameRows, readMatrix } from './json.js';

/** Limits on a table, from the settings: `maxColumns` is that of one side of it. */
export interface TableLimits extends SampleLimits {
  /** Sides of a table. */
  readonly maxSides: number;
}

/**
 * Reads a table of named columns: `{data: rows, names?}` or `{columns: {name: values}}`, the values
 * a flat array for one column, or rows for a block of columns under one name.
 *
 * @returns at least two sides, of the same rows.
 * @throws MistdError with the JSON pointer of what is wrong.
 */
export function readTable(
  { data, names, columns }: Record<string, unknown>,
  limits: TableLimits,
): NamedSide[] {
  if (columns === undefined) return readData(data, names, limits);
  for (const [name, value] of Object.entries({ data, names })) {
    if (value === undefined) continue;
    throw new MistdError('unknown_field', `${name} and columns cannot both be given.`, {
      pointer: `/${name}`,
    });
  }
  const sides = readNamedSides(columns, 'columns', limits);
  checkSideCount(sides.length, '/columns', 2, limits);
  return sides;
}

/**
 * Reads an object of named sides, `{name: values}`, of the same rows.
 *
 * @param field its name in the body.
 * @returns at least one side.
 */
export function readNamedSides(value: unknown, field: string, limits: TableLimits): NamedSide[] {
  const pointer = `/${field}`;
  if (value === undefined) {
    throw new MistdError('missing_field', `${field} is missing.`, { pointer });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MistdError('invalid_type', `${field} is ${describe(value)}, not an object.`, {
      pointer,
    });
  }
  const entries = Object.entries(value);
  checkSideCount(entries.length, pointer, 1, limits);
  const sides = entries.map(([name, values]) => {
    const path = `${field}${pointerStep(name)}`;
    return { name, path, matrix: readMatrix(values, path, limits) };
  });
  const [first] = sides;
  for (const { path, matrix } of sides) {
    if (first !== undefined) checkSameRows(first.matrix, first.path, matrix, path);
  }
  return sides.map(({ name, matrix }) => ({ name, matrix }));
}

function readData(data: unknown, names: unknown, limits: TableLimits): NamedSide[] {
  const matrix = readMatrix(data, 'data', { ...limits, maxColumns: limits.maxSides });
  checkSideCount(matrix.columns, '/data', 2, limits);
  const given = names === undefined ? undefined : readNames(names, matrix.columns);
  return Array.from({ length: matrix.columns }, (_, c) => ({
    name: given?.[c] ?? `column ${c}`,
    matrix: columnMatrix(matrix, c),
  }));
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
      `There are ${names.length} names for the ${columns} columns of data.`,
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
      throw new MistdError('invalid_value', `The name ${quote(name)} is there twice.`, { pointer });
    }
    seen.add(name);
    return name;
  });
}

function checkSideCount(
  count: number,
  pointer: string,
  least: number,
  { maxSides }: TableLimits,
): void {
  if (count > maxSides) {
    throw new MistdError(
      'too_many_columns',
      `The table has ${count} columns; the limit is ${maxSides}.`,
      { pointer },
    );
  }
  if (count < least) {
    throw new MistdError(
      'too_few_columns',
      `The table has ${count === 0 ? 'no columns' : 'one column'}.`,
      { pointer },
    );
  }
}

function columnMatrix(matrix: Matrix, column: number): Matrix {
  return { rows: matrix.rows, columns: 1, values: columnOf(matrix, column).slice() };
}
