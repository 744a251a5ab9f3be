/** A column as it was sent, before missing values and categories are dealt with. */
export interface Column {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'text';
  /** Numbers; 0 and 1 of booleans; indices into the labels of text. NaN where a value is missing. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Distinct texts in order of appearance; empty unless the kind is text. */
  readonly labels: readonly string[];
}

/** The columns of one side, of equal length. */
export interface Side {
  readonly columns: readonly Column[];
  /** JSON pointer of the value at a row of a column, for errors. */
  readonly pointerOf: (row: number, column: number) => string;
}

export interface Sides {
  readonly x: Side;
  readonly y: Side;
}
