/** A column as sent, before missing values and categories are handled. */
export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'text';
  /**
   * Numbers, booleans as 0 and 1, or indices into `labels` for text; NaN where a value is missing.
   */
  readonly values: Float64Array<ArrayBuffer>;
  /** Distinct strings in order of appearance; empty unless `kind` is text. */
  readonly labels: readonly string[];
}

/** A named group of columns of equal length. */
export interface Side {
  readonly name: string;
  readonly columns: readonly Column[];
  /** JSON pointer of the side, for errors. */
  readonly pointer: string;
  /** JSON pointer of one value, for errors. */
  readonly pointerOf: (row: number, column: number) => string;
}

/** The columns of a request, all with the same number of rows. */
export interface Sides<Name extends string = string> {
  /** Sides that have a role in the analysis, such as x and y. */
  readonly named: Readonly<Record<Name, Side>>;
  /** The columns of a table, each a side of its own. */
  readonly apart: readonly Side[];
}

export function rowsOf(side: Side | undefined): number {
  return side?.columns[0]?.values.length ?? 0;
}

/** Builds a record with one value for each name. */
export function record<Name extends string, T>(
  names: readonly Name[],
  of: (name: Name) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, T>;
}
