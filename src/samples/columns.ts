/** A column as it was sent, before missing values and categories are dealt with. */
export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'text';
  /** Numbers; 0 and 1 of booleans; indices into the labels of text. NaN where a value is missing. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Distinct texts in order of appearance; empty unless the kind is text. */
  readonly labels: readonly string[];
}

/** Columns of equal length that go by one name. */
export interface Side {
  readonly name: string;
  readonly columns: readonly Column[];
  /** JSON pointer of the side, and of the value at a row of a column, for errors. */
  readonly pointer: string;
  readonly pointerOf: (row: number, column: number) => string;
}

/** What a request sends, all of as many rows. */
export interface Sides<Name extends string = string> {
  /** The sides that its question has, such as x and y. */
  readonly named: Readonly<Record<Name, Side>>;
  /** The columns of its table, each a side of its own. */
  readonly apart: readonly Side[];
}

export function rowsOf(side: Side | undefined): number {
  return side?.columns[0]?.values.length ?? 0;
}

/** A value for each name. */
export function record<Name extends string, T>(
  names: readonly Name[],
  of: (name: Name) => T,
): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, T>;
}
