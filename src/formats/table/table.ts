import { MistdError, pointerStep } from '../../errors.js';
import { type Column, record, rowsOf, type Side, type Sides } from '../../samples/columns.js';
import { MIN_ROWS, type SampleLimits } from '../../samples/samples.js';
import { quote } from '../text/describe.js';
import type { Layout } from './layout.js';

/** Limits on a table, from the settings: `maxColumns` is that of one side of it. */
export interface TableLimits extends SampleLimits {
  /** Sides of a table. */
  readonly maxSides: number;
}

/** The columns of a table that go to each side, by the texts of parameters such as `?x=` and `?y=`. */
export type Choice = Readonly<Record<string, readonly string[] | undefined>>;

/** Names of columns for each side of a layout, and of those that are sides of their own. */
export interface ChosenNames<Name extends string> {
  readonly named: Readonly<Record<Name, readonly string[]>>;
  readonly apart: readonly string[];
}

/**
 * Finds the columns of each side among those of a table. A side that nothing is said of is the
 * column of its name; columns apart are all those that no side has.
 *
 * @throws MistdError unknown_column; invalid_value for a column that stands apart twice.
 */
export function chosenNames<Name extends string>(
  known: readonly string[],
  { sides, apart }: Layout<Name>,
  choice: Choice,
): ChosenNames<Name> {
  const named = record(sides, (side) => found(known, choice[side] ?? [side], side));
  if (apart === undefined) return { named, apart: [] };
  const used = new Set(Object.values<readonly string[]>(named).flat());
  const texts = choice[apart.name];
  const names =
    texts === undefined ? known.filter((name) => !used.has(name)) : found(known, texts, apart.name);
  const twice = names.find((name, i) => used.has(name) || names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new MistdError('invalid_value', `The column ${quote(twice)} is named twice.`, {
      pointer: `/${apart.name}`,
    });
  }
  return { named, apart: names };
}

/**
 * Names separated by commas; a text that is the name of a column as a whole is taken as such.
 */
function found(known: readonly string[], texts: readonly string[], side: string): string[] {
  const names = texts.flatMap((text) => (known.includes(text) ? [text] : text.split(',')));
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new MistdError(
      'unknown_column',
      `There is no column ${quote(name)}; the columns are ${known.slice(0, 20).map(quote).join(', ')}. Name those of ${side} in the query string, such as ?${side}=a,b.`,
      { pointer: `/${side}` },
    );
  }
  return names;
}

/** All columns that are in use, each once. */
export function namesInUse({ named, apart }: ChosenNames<string>): string[] {
  return [...new Set([...Object.values(named).flat(), ...apart])];
}

/** Sides of the columns of a table; a fault is at `/name/row`, rows counted from 0. */
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

/** @throws MistdError for numbers of rows or columns that no estimate can be made of. */
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

/** @throws MistdError for a number of columns apart that a table may not have. */
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

/** @throws MistdError for a number of rows or columns that no estimate can be made of. */
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

/** @throws MistdError unequal_rows, at the first side whose rows are not as many as before. */
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

/** A side that stands by itself: its one column goes by its name. */
export function standingApart(side: Side): Side {
  const [column] = side.columns;
  if (column === undefined || side.columns.length > 1) return side;
  return { ...side, columns: [{ ...column, name: side.name }] };
}
