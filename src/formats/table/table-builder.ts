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

/** Gathers the columns of a table that are in use, whatever its format. */
export class TableBuilder<Name extends string> {
  /** One for each column in use, by its name. */
  readonly builders: ReadonlyMap<string, ColumnBuilder>;
  readonly #names: ChosenNames<Name>;
  readonly #layout: Layout<Name>;
  readonly #limits: TableLimits;

  /**
   * @param known names of the table's columns.
   * @param rows that will come, where that is known.
   * @throws MistdError as `chosenNames`, and as `finish` of the rows that are known.
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
   * @param rows that have come.
   * @param finished makes the last of each column.
   * @throws MistdError for numbers of rows or columns that no estimate can be made of; Error for a
   * column that has not as many values.
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
