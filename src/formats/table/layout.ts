/** Which sides a route reads its samples into. */
export interface Layout<Name extends string = string> {
  /** Sides, each of the columns that go by its name. */
  readonly sides: readonly Name[];
  /** For a table whose columns are sides of their own: what they go by together. */
  readonly apart?: Apart;
  /** Whether rows are moments in time: none can be left out without moving the next ones closer. */
  readonly ordered?: boolean;
}

interface Apart {
  readonly name: string;
  /** Fewest columns that make a question. */
  readonly least: number;
}

export const XY: Layout<'x' | 'y'> = { sides: ['x', 'y'] };
export const SERIES: Layout<'x' | 'y'> = { ...XY, ordered: true };
export const TRIPLE: Layout<'x' | 'y' | 'z'> = { sides: ['x', 'y', 'z'] };
export const TARGET: Layout<'target'> = {
  sides: ['target'],
  apart: { name: 'features', least: 1 },
};
export const TABLE: Layout<never> = { sides: [], apart: { name: 'columns', least: 2 } };

/** The fields of a JSON body that its samples are in. */
export function sampleFields({ sides, apart }: Layout): string[] {
  return [...sides, ...(apart === undefined ? [] : [apart.name, 'data', 'names'])];
}

/** The parameters that name the columns of a table, or the arrays of a file. */
export function choiceFields({ sides, apart }: Layout): string[] {
  return [...sides, ...(apart === undefined ? [] : [apart.name])];
}
