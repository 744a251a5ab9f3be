import { type TSchema, Type } from 'typebox';
import type { Sides } from '../../samples/columns.js';
import { choiceFields, type Layout } from './layout.js';
import type { Choice, TableLimits } from './table.js';

export interface DataLimits extends TableLimits {
  /** Bytes that a compressed body may take once unpacked. */
  readonly maxBytes: number;
}

/** A body and what the query string says of it. */
export interface TableSource<Name extends string = string> {
  readonly layout: Layout<Name>;
  /** Which columns each side has; of raw numbers, the parameters of their shape. */
  readonly place: Readonly<Record<string, unknown>>;
  /** Names of columns whose values have no order. */
  readonly categorical: readonly string[];
  readonly limits: DataLimits;
}

/** A format that holds samples. */
export interface TableFormat {
  /** The query parameters that say where the samples are in the body. */
  readonly places: (layout: Layout) => string[];
  /**
   * Reads the samples of a body.
   *
   * @throws MistdError with the pointer of what is wrong.
   */
  readonly read: <Name extends string>(
    bytes: Buffer,
    source: TableSource<Name>,
  ) => Sides<Name> | Promise<Sides<Name>>;
  /** What the body holds, for OpenAPI; undefined where the format cannot hold such samples. */
  readonly describe: (layout: Layout) => TSchema | undefined;
}

/** Which columns go to each side, as parameters such as `?x=a,b` say. */
export function choiceOf({ place }: Pick<TableSource, 'place'>): Choice {
  return place as Choice;
}

/** The parameters that name columns, for a description: "?x= and ?y=". */
export function choiceText(layout: Layout): string {
  return choiceFields(layout)
    .map((name) => `?${name}=`)
    .join(' and ');
}

export function binarySchema(description: string): TSchema {
  return Type.String({ format: 'binary', description });
}

/** A small table in which each side is found without parameters. */
export function exampleTable({ sides, apart }: Layout): { names: string[]; rows: number[][] } {
  const names = [...sides, ...(apart === undefined ? [] : ['bmi', 'bp'])];
  const columns = [
    [58.1, 61.4, 49.9, 72.3, 66, 54.2, 80.5, 45.7, 69.8, 63.3, 51, 77.6],
    [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52, 1.74, 1.71, 1.57, 1.8],
    [34, 51, 28, 60, 45, 39, 71, 24, 36, 56, 48, 66],
  ].slice(0, names.length);
  return { names, rows: (columns[0] ?? []).map((_, r) => columns.map((column) => column[r] ?? 0)) };
}
