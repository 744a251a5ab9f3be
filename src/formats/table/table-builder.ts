import { pointerStep } from '../../errors.js';
import type { Column, Sides } from '../../samples/columns.js';
import { ColumnBuilder } from './column-builder.js';
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

/** Collects the columns in use of a table in any format. */
export class TableBuilder<Name extends string> {
  /** The builder of each column in use, by name. */
  readonly builders: ReadonlyMap<string, ColumnBuilder>;
  readonly #names: ChosenNames<Name>;
  readonly #layout: Layout<Name>;
  readonly #limits: TableLimits;

  /**
   * @param known the names of all columns of the table.
   * @param rows the number of rows, if it is known.
   * @throws MistdError as `chosenNames`; as `finish`, if the number of rows is known.
   */
  constructor(
    known: readonly string[],
    layout: Layout<Name>,
    choice: Choice,
    limits: TableLimits,
    rows?: number,
  ) {
    this.#names = chosenNames(known, layout, choice);
    this.#layout = layout;
    this.#limits = limits;
    if (rows !== undefined) this.#check(rows);
    this.builders = new Map(
      namesInUse(this.#names).map((name) => {
        const pointerOf = (row: number) => pointerStep(name) + pointerStep(row);
        return [name, new ColumnBuilder(name, pointerOf, rows)];
      }),
    );
  }

  /**
   * @param rows the number of rows that were read.
   * @param finished converts each column when it is complete.
   * @throws MistdError if the number of rows or columns rules out an estimate; Error if a column
   * has a different number of values.
   */
  finish(rows: number, finished = (column: Column): Column => column): Sides<Name> {
    this.#check(rows);
    const columns = new Map<string, Column>();
    for (const [name, builder] of this.builders) {
      const column = finished(builder.finish());
      const { length } = column.values;
      if (length !== rows) {
        throw new Error(`column ${name} has ${length} values, the file ${rows} rows`);
      }
      columns.set(name, column);
    }
    return sidesOf(this.#names, (name) => columns.get(name) as Column);
  }

  #check(rows: number): void {
    checkTable(rows, this.#names, this.#layout, this.#limits);
  }
}
