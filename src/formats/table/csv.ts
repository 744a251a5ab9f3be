import { isUtf8 } from 'node:buffer';
import { Type } from 'typebox';
import { MistdError } from '../../errors.js';
import type { Column, Sides } from '../../samples/columns.js';
import { CsvLines } from '../text/csv-lines.js';
import { quote } from '../text/describe.js';
import { PlainCells } from '../text/plain-cells.js';
import { takeLines } from '../text/text-lines.js';
import type { ColumnBuilder } from './column-builder.js';
import { choiceFields } from './layout.js';
import { TableBuilder } from './table-builder.js';
import {
  choiceOf,
  choiceText,
  exampleTable,
  type TableFormat,
  type TableSource,
} from './table-format.js';

/** Cells that mean a missing value, in upper or lower case. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none']);

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * CSV (RFC 4180, UTF-8) with a header. The choice names the columns to use.
 *
 * A column holds numbers, or true and false, or categories. It holds categories if no cell is a
 * number or if `categorical` names it. Empty cells and NA, N/A, NaN, null and None are missing
 * values.
 */
export const csvTable: TableFormat = {
  places: choiceFields,
  read: readCsv,
  describe(layout) {
    const { names, rows } = exampleTable(layout);
    return Type.String({
      description: `UTF-8 text with a header line. Query parameters choose the columns: ${choiceText(layout)}`,
      examples: [[names, ...rows].map((cells) => `${cells.join(',')}\n`).join('')],
    });
  },
};

/** @throws MistdError invalid_csv, unknown_column, or the errors of a column. */
function readCsv<Name extends string>(bytes: Buffer, source: TableSource<Name>): Sides<Name> {
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new MistdError('invalid_csv', 'The body is not UTF-8 text.', { pointer: '' });
  }
  const read: { table?: CsvTable<Name> } = {};
  const csv = new CsvLines((header) => {
    const table = new CsvTable(header, source);
    read.table = table;
    return (cells) => table.add(cells);
  });
  takeLines(bytes, 0, (start, end) => {
    if (!csv.open && read.table?.addPlain(bytes, start, end)) return;
    csv.line(bytes.toString('utf8', start, end));
  });
  if (read.table !== undefined || csv.open) csv.end();
  if (read.table === undefined) {
    throw new MistdError('empty_samples', 'The body is empty.', { pointer: '' });
  }
  return read.table.finish();
}

/** Collects the columns in use of a table whose rows arrive one by one. */
class CsvTable<Name extends string> {
  readonly #table: TableBuilder<Name>;
  /** Each column once, with its position in a row. */
  readonly #columns: { place: number; builder: ColumnBuilder; asText: boolean }[];
  readonly #plain: PlainCells;
  #rows = 0;

  constructor(header: readonly string[], source: TableSource<Name>) {
    const { layout, categorical, limits } = source;
    const repeated = header.find((name, c) => header.indexOf(name) !== c);
    if (repeated !== undefined) {
      throw new MistdError('invalid_csv', `The column ${quote(repeated)} appears twice.`, {
        pointer: '',
      });
    }
    this.#table = new TableBuilder(header, layout, choiceOf(source), limits);
    const { builders } = this.#table;
    this.#columns = [...builders].map(([name, builder]) => ({
      place: header.indexOf(name),
      builder,
      asText: categorical.includes(name),
    }));
    this.#plain = new PlainCells(
      header.map((name) => builders.has(name) && !categorical.includes(name)),
    );
  }

  /** Adds a line if all its cells in use are plain numbers. @returns whether it did. */
  addPlain(bytes: Buffer, start: number, end: number): boolean {
    const plain = this.#plain;
    if (this.#columns.some(({ asText }) => asText) || !plain.read(bytes, start, end)) return false;
    for (const { place, builder } of this.#columns) builder.add(plain.numbers[place]);
    this.#rows++;
    return true;
  }

  add(cells: readonly string[]): void {
    for (const { place, builder, asText } of this.#columns) {
      const cell = (cells[place] as string).trim();
      if (cell.length <= 4 && MISSING.has(cell.toLowerCase())) builder.add(null);
      else if (!asText && NUMBER.test(cell)) builder.add(Number(cell));
      else builder.addText(cell);
    }
    this.#rows++;
  }

  finish(): Sides<Name> {
    return this.#table.finish(this.#rows, asBoolean);
  }
}

/** Converts a column to booleans if its strings are all true or false. */
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
