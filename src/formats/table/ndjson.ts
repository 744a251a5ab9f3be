import { isUtf8 } from 'node:buffer';
import { Type } from 'typebox';
import { MistdError } from '../../errors.js';
import type { Sides } from '../../samples/columns.js';
import { describe } from '../text/describe.js';
import { parseJsonLine, takeLines } from '../text/text-lines.js';
import { choiceFields } from './layout.js';
import { TableBuilder } from './table-builder.js';
import {
  choiceOf,
  choiceText,
  exampleTable,
  type TableFormat,
  type TableSource,
} from './table-format.js';

/**
 * Newline-delimited JSON: each line is an object and one row. The choice names the fields to use.
 * The first line determines which columns exist; null or an absent field is a missing value.
 */
export const ndjsonTable: TableFormat = {
  places: choiceFields,
  read: readNdjson,
  describe(layout) {
    const { names, rows } = exampleTable(layout);
    return Type.String({
      description: `One JSON object per line; each line is one row. Query parameters choose the fields: ${choiceText(layout)}`,
      examples: [
        rows
          .map((row) => Object.fromEntries(names.map((name, c) => [name, row[c]])))
          .map((row) => `${JSON.stringify(row)}\n`)
          .join(''),
      ],
    });
  },
};

/** @throws MistdError invalid_json with the number of the line, or the errors of a column. */
function readNdjson<Name extends string>(bytes: Buffer, source: TableSource<Name>): Sides<Name> {
  const { layout, limits } = source;
  if (!isUtf8(bytes)) {
    throw new MistdError('invalid_json', 'The body is not UTF-8.', { pointer: '' });
  }
  const read: { table?: TableBuilder<Name> } = {};
  let rows = 0;
  takeLines(bytes, 0, (start, end) => {
    const text = bytes.toString('utf8', start, end).trim();
    if (text === '') return;
    const record = recordOf(parseJsonLine(text, ''));
    read.table ??= new TableBuilder(Object.keys(record), layout, choiceOf(source), limits);
    for (const [name, builder] of read.table.builders) {
      builder.add(Object.hasOwn(record, name) ? record[name] : null);
    }
    rows++;
  });
  if (read.table === undefined) {
    throw new MistdError('empty_samples', 'The body is empty.', { pointer: '' });
  }
  return read.table.finish(rows);
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new MistdError('invalid_type', `The row is ${describe(value)}, not an object.`, {
    pointer: '',
  });
}
