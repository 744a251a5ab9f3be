import { MistdError, pointerStep } from '../../errors.js';
import { type Column, record, rowsOf, type Side, type Sides } from '../../samples/columns.js';
import { MIN_ROWS, type SampleLimits } from '../../samples/samples.js';
import { quote } from '../text/describe.js';
import type { Layout } from './layout.js';

/** Limits on a table, from the settings; `maxColumns` applies to each of its sides. */
export interface TableLimits extends SampleLimits {
  /** Largest number of sides of a table. */
  readonly maxSides: number;
}

/** Column names of each side, as the values of parameters such as `?x=` and `?y=`. */
export type Choice = Readonly<Record<string, readonly string[] | undefined>>;

/** Column names of each side of a layout, and of the columns that are sides of their own. */
export interface ChosenNames<Name extends string> {
  readonly named: Readonly<Record<Name, readonly string[]>>;
  readonly apart: readonly string[];
}

/**
 * Finds the columns of each side among those of a table. A side without a parameter is the column
 * of the same name; the columns apart default to all columns that no side uses.
 *
 * @throws MistdError unknown_column; invalid_value for a column apart that is named twice.
 */
export function chosenNames<Name extends string>(
  known: readonly string[],
  { sides, apart }: Layout<Name>,
  choice: Choice,
): ChosenNames<Name> {
  const named = record(sides, (side) => found(known, choice[side] ?? [side], side));
  if (apart === undefined) return { named, apart: [] };
  const used = new Set(Object.values<readonly string[]>(named).flat());
  const given = choice[apart.name];
  const names =
    given === undefined ? known.filter((name) => !used.has(name)) : found(known, given, apart.name);
  const repeated = names.find((name, i) => used.has(name) || names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new MistdError('invalid_value', `The column ${quote(repeated)} is named twice.`, {
      pointer: `/${apart.name}`,
    });
  }
  return { named, apart: names };
}

/** Splits names at commas, except where a whole value is the name of a column. */
function found(known: readonly string[], values: readonly string[], side: string): string[] {
  const names = values.flatMap((value) => (known.includes(value) ? [value] : value.split(',')));
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new MistdError(
      'unknown_column',
      `There is no column ${quote(name)}; the columns are ${known.slice(0, 20).map(quote).join(', ')}. Name the columns of ${side} in the query string, for example ?${side}=a,b.`,
      { pointer: `/${side}` },
    );
  }
  return names;
}

/** The names of all columns in use, each once. */
export function namesInUse({ named, apart }: ChosenNames<string>): string[] {
  return [...new Set([...Object.values(named).flat(), ...apart])];
}

/** Makes sides of the columns of a table. Errors point to `/name/row`, with rows counted from 0. */
export function sidesOf<Name extends string>(
  { named, apart }: ChosenNames<Name>,
  column: (name: string) => Column,
): Sides<Name> {
  const side = (name: string, names: readonly string[], pointer: string): Side => ({
    name,
    columns: names.map(column),
    pointer,
    pointerOf: (row, c) => pointerStep(names[c] as string) + pointerStep(row),
  });
  return {
    named: record(Object.keys(named) as Name[], (name) => side(name, named[name], `/${name}`)),
    apart: apart.map((name) => side(name, [name], pointerStep(name))),
  };
}

/** @throws MistdError if the number of rows or columns rules out an estimate. */
export function checkTable<Name extends string>(
  rows: number,
  { named, apart }: ChosenNames<Name>,
  layout: Layout<Name>,
  limits: TableLimits,
): void {
  for (const side of layout.sides) checkShape(side, rows, named[side].length, limits);
  if (layout.apart === undefined) return;
  checkShape('The table', rows, 1, limits);
  checkApart(apart.length, layout.apart.least, limits, `/${layout.apart.name}`);
}

/** @throws MistdError if a table has too many or too few columns apart. */
export function checkApart(
  count: number,
  least: number,
  { maxSides }: TableLimits,
  pointer: string,
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

/** @throws MistdError if the number of rows or columns of a side rules out an estimate. */
export function checkShape(
  name: string,
  rows: number,
  columns: number,
  limits: SampleLimits,
  pointer = '',
): void {
  if (rows === 0) throw new MistdError('empty_samples', `${name} has no rows.`, { pointer });
  if (columns === 0) throw new MistdError('empty_samples', `${name} has no columns.`, { pointer });
  if (rows < MIN_ROWS) throw new MistdError('too_few_rows', `${name} has one row.`, { pointer });
  if (rows > limits.maxRows) {
    throw new MistdError(
      'too_many_rows',
      `${name} has ${rows} rows; the limit is ${limits.maxRows}.`,
      { pointer },
    );
  }
  if (columns > limits.maxColumns) {
    throw new MistdError(
      'too_many_columns',
      `${name} has ${columns} columns; the limit is ${limits.maxColumns}.`,
      { pointer },
    );
  }
}

/** @throws MistdError unequal_rows at the first side whose number of rows differs. */
export function checkSameRows({ named, apart }: Sides): void {
  const sides = [...apart, ...Object.values(named)];
  const [first] = sides;
  for (const side of sides) {
    if (first === undefined || rowsOf(side) === rowsOf(first)) continue;
    const [firstPath, path] = [first.pointer.slice(1), side.pointer.slice(1)];
    throw new MistdError(
      'unequal_rows',
      `${firstPath} has ${rowsOf(first)} rows and ${path} has ${rowsOf(side)}.`,
      { pointer: side.pointer },
    );
  }
}

/** A column apart as a side: if it is a single column, the column takes the name of the side. */
export function standingApart(side: Side): Side {
  const [column] = side.columns;
  if (column === undefined || side.columns.length > 1) return side;
  return { ...side, columns: [{ ...column, name: side.name }] };
}
