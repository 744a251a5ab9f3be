import { isUtf8 } from 'node:buffer';
import { MistdError, pointerStep } from '../errors.js';
import type { Column, Sides } from '../samples/columns.js';
import type { SampleLimits } from '../samples/samples.js';
import { ColumnBuilder } from './column-builder.js';
import { describe } from './describe.js';
import { type Choice, checkShape, chosenNames, sidesOf } from './table.js';
import { parseJsonLine, takeLines } from './text-lines.js';

/**
 * Reads newline-delimited JSON: an object a line, a line a row, with the columns named by the
 * choice. The first line says which columns there are; null or an absent field is a missing value.
 *
 * @throws MistdError invalid_json with the number of the line, and those of columns.
 */
export function readNdjson(bytes: Buffer, choice: Choice, limits: SampleLimits): Sides {
  if (!isUtf8(bytes)) {
    throw new MistdError('invalid_json', 'The body is not UTF-8.', { pointer: '' });
  }
  let names: Choice | undefined;
  const builders = new Map<string, ColumnBuilder>();
  let row = 0;
  takeLines(bytes, 0, (start, end) => {
    const text = bytes.toString('utf8', start, end).trim();
    if (text === '') return;
    const record = recordOf(parseJsonLine(text, ''));
    if (names === undefined) {
      names = chosenNames(Object.keys(record), choice);
      for (const name of [...names.x, ...names.y]) {
        const pointerOf = (row: number) => pointerStep(name) + pointerStep(row);
        builders.set(name, new ColumnBuilder(name, pointerOf));
      }
    }
    for (const [name, builder] of builders) {
      builder.add(Object.hasOwn(record, name) ? record[name] : null);
    }
    row++;
  });
  checkShape('x', row, names?.x.length ?? 1, limits);
  checkShape('y', row, names?.y.length ?? 1, limits);
  const columns = new Map([...builders].map(([name, builder]) => [name, builder.finish()]));
  return sidesOf((name) => columns.get(name) as Column, names ?? choice);
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new MistdError('invalid_type', `It is ${describe(value)}, not an object.`, { pointer: '' });
}
