import { isUtf8 } from 'node:buffer';
import { MistdError, pointerStep } from '../errors.js';
import type { Column, Sides } from '../samples/columns.js';
import { ColumnBuilder } from './column-builder.js';
import { describe } from './describe.js';
import type { Layout } from './layout.js';
import {
  type Choice,
  type ChosenNames,
  checkTable,
  chosenNames,
  namesInUse,
  sidesOf,
  type TableLimits,
} from './table.js';
import { parseJsonLine, takeLines } from './text-lines.js';

/**
 * Reads newline-delimited JSON: an object a line, a line a row, with the columns named by the
 * choice. The first line says which columns there are; null or an absent field is a missing value.
 *
 * @throws MistdError invalid_json with the number of the line, and those of columns.
 */
export function readNdjson<Name extends string>(
  bytes: Buffer,
  layout: Layout<Name>,
  choice: Choice,
  limits: TableLimits,
): Sides<Name> {
  if (!isUtf8(bytes)) {
    throw new MistdError('invalid_json', 'The body is not UTF-8.', { pointer: '' });
  }
  let names: ChosenNames<Name> | undefined;
  const builders = new Map<string, ColumnBuilder>();
  let row = 0;
  takeLines(bytes, 0, (start, end) => {
    const text = bytes.toString('utf8', start, end).trim();
    if (text === '') return;
    const record = recordOf(parseJsonLine(text, ''));
    if (names === undefined) {
      names = chosenNames(Object.keys(record), layout, choice);
      for (const name of namesInUse(names)) {
        const pointerOf = (row: number) => pointerStep(name) + pointerStep(row);
        builders.set(name, new ColumnBuilder(name, pointerOf));
      }
    }
    for (const [name, builder] of builders) {
      builder.add(Object.hasOwn(record, name) ? record[name] : null);
    }
    row++;
  });
  if (names === undefined) {
    throw new MistdError('empty_samples', 'The body is empty.', { pointer: '' });
  }
  checkTable(row, names, layout, limits);
  const columns = new Map([...builders].map(([name, builder]) => [name, builder.finish()]));
  return sidesOf(names, (name) => columns.get(name) as Column);
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new MistdError('invalid_type', `It is ${describe(value)}, not an object.`, { pointer: '' });
}
