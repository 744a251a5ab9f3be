import { MistdError, pointerStep } from '../errors.js';
import type { Column, Side, Sides } from '../samples/columns.js';
import { MIN_ROWS, type SampleLimits } from '../samples/samples.js';
import { quote } from './describe.js';

/** Which columns of a table are x and which are y: the texts of `?x=` and `?y=`. */
export interface Choice {
  readonly x: readonly string[];
  readonly y: readonly string[];
}

/** Names of the columns chosen, found among those of a table. */
export function chosenNames(known: readonly string[], choice: Choice): Choice {
  return { x: found(known, choice.x, 'x'), y: found(known, choice.y, 'y') };
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
      `There is no column ${quote(name)}; the columns are ${known.slice(0, 20).map(quote).join(', ')}. Name those of each side in the query string, such as ?x=a,b&y=c.`,
      { pointer: `/${side}` },
    );
  }
  return names;
}

/** Sides of named columns; a fault is at `/name/row`, rows counted from 0. */
export function sidesOf(column: (name: string) => Column, { x, y }: Choice): Sides {
  const side = (names: readonly string[]): Side => ({
    columns: names.map(column),
    pointerOf: (row, c) => pointerStep(names[c] as string) + pointerStep(row),
  });
  return { x: side(x), y: side(y) };
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
