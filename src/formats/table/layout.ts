/** How a route divides its samples into sides. */
export interface Layout<Name extends string = string> {
  /** Names of sides that may have several columns. */
  readonly sides: readonly Name[];
  /** Describes the columns apart, each a side of its own; undefined if there are none. */
  readonly apart?: Apart;
  /** Whether rows are moments in time; leaving one out would move its neighbors closer together. */
  readonly ordered?: boolean;
}

interface Apart {
  /** Name of these columns together: of the field or parameter that holds them. */
  readonly name: string;
  /** Smallest number of columns that the analysis needs. */
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

/** The fields of a JSON body that hold its samples. */
export function sampleFields({ sides, apart }: Layout): string[] {
  return [...sides, ...(apart === undefined ? [] : [apart.name, 'data', 'names'])];
}

/** The query parameters that name the columns of a table or the arrays of a file. */
export function choiceFields({ sides, apart }: Layout): string[] {
  return [...sides, ...(apart === undefined ? [] : [apart.name])];
}
