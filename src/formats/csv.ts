import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { MistdError, pointerStep } from '../errors.js';
import type { Column, Sides } from '../samples/columns.js';
import type { SampleLimits } from '../samples/samples.js';
import { ColumnBuilder } from './column-builder.js';
import { quote } from './describe.js';
import { type Choice, checkShape, chosenNames, sidesOf } from './table.js';

/** What stands for a missing value, in upper or lower case. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none']);

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads CSV (RFC 4180, UTF-8) with a header: the columns named by the choice.
 *
 * A column is numbers; or true and false; or, if no cell is a number or if it is named in
 * `categorical`, categories. Empty cells and NA, N/A, NaN, null and None are missing values.
 *
 * @throws MistdError invalid_csv, unknown_column and those of columns.
 */
export function readCsv(
  bytes: Buffer,
  choice: Choice,
  categorical: readonly string[],
  limits: SampleLimits,
): Sides {
  if (!isUtf8(bytes))
    throw new MistdError('invalid_csv', 'The body is not UTF-8.', { pointer: '' });
  const reader = new CsvReader(choice, categorical, limits);
  try {
    // Each record is used up as it comes: a million rows of texts would take much memory.
    parse(bytes, { bom: true, skip_empty_lines: true, onRecord: (record) => reader.read(record) });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new MistdError('invalid_csv', `The body is not CSV: ${error.message}.`, {
      pointer: '',
      cause: error,
    });
  }
  return reader.finish();
}

class CsvReader {
  readonly #choice: Choice;
  readonly #categorical: readonly string[];
  readonly #limits: SampleLimits;
  #header: readonly string[] | undefined;
  #names: Choice = { x: [], y: [] };
  /** The columns in use, each once, with its place in a record. */
  #columns: { name: string; place: number; builder: ColumnBuilder; asText: boolean }[] = [];
  #row = 0;

  constructor(choice: Choice, categorical: readonly string[], limits: SampleLimits) {
    this.#choice = choice;
    this.#categorical = categorical;
    this.#limits = limits;
  }

  /** @returns null: nothing for the parser to keep. */
  read(record: string[]): null {
    if (this.#header === undefined) this.#readHeader(record);
    else this.#readRow(record);
    return null;
  }

  finish(): Sides {
    const { x, y } = this.#names;
    if (this.#header === undefined) {
      throw new MistdError('empty_samples', 'The body is empty.', { pointer: '' });
    }
    checkShape('x', this.#row, x.length, this.#limits);
    checkShape('y', this.#row, y.length, this.#limits);
    const columns = new Map<string, Column>(
      this.#columns.map(({ name, builder }) => [name, asBoolean(builder.finish())]),
    );
    return sidesOf((name) => columns.get(name) as Column, this.#names);
  }

  #readHeader(header: string[]): void {
    const twice = header.find((name, c) => header.indexOf(name) !== c);
    if (twice !== undefined) {
      throw new MistdError('invalid_csv', `The header names the column ${quote(twice)} twice.`, {
        pointer: '',
      });
    }
    this.#header = header;
    this.#names = chosenNames(header, this.#choice);
    const used = [...new Set([...this.#names.x, ...this.#names.y])];
    this.#columns = used.map((name) => ({
      name,
      place: header.indexOf(name),
      builder: new ColumnBuilder(name, (row) => pointerStep(name) + pointerStep(row)),
      asText: this.#categorical.includes(name),
    }));
  }

  #readRow(record: string[]): void {
    for (const { place, builder, asText } of this.#columns) {
      const cell = (record[place] as string).trim();
      if (cell.length <= 4 && MISSING.has(cell.toLowerCase())) builder.add(null);
      else if (!asText && NUMBER.test(cell)) builder.add(Number(cell));
      else builder.addText(cell);
    }
    this.#row++;
  }
}

/** A column of texts that are all true or false, as booleans. */
function asBoolean(column: Column): Column {
  const labels = column.labels.map((label) => label.toLowerCase());
  if (column.kind !== 'text' || !labels.every((label) => label === 'true' || label === 'false')) {
    return column;
  }
  const values = column.values.map((code) =>
    Number.isNaN(code) ? code : Number(labels[code] === 'true'),
  );
  return { ...column, kind: 'boolean', values, labels: [] };
}
