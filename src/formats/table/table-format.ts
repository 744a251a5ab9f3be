import { type TSchema, Type } from 'typebox';
import type { Sides } from '../../samples/columns.js';
import { choiceFields, type Layout } from './layout.js';
import type { Choice, TableLimits } from './table.js';

export interface DataLimits extends TableLimits {
  /** Largest size of a compressed body once unpacked, in bytes. */
  readonly maxBytes: number;
}

/** How to read the samples of a body: the layout, and the options of the query string. */
export interface TableSource<Name extends string = string> {
  readonly layout: Layout<Name>;
  /** Which columns each side has; for raw numbers, the parameters of their shape. */
  readonly place: Readonly<Record<string, unknown>>;
  /** Names of columns whose values have no order. */
  readonly categorical: readonly string[];
  readonly limits: DataLimits;
}

/** A format that holds samples. */
export interface TableFormat {
  /** The query parameters that determine where the samples are in the body. */
  readonly places: (layout: Layout) => string[];
  /**
   * Reads the samples of a body.
   *
   * @throws MistdError with the pointer of the fault.
   */
  readonly read: <Name extends string>(
    bytes: Buffer,
    source: TableSource<Name>,
  ) => Sides<Name> | Promise<Sides<Name>>;
  /** Describes the body for OpenAPI; undefined if the format cannot hold such samples. */
  readonly describe: (layout: Layout) => TSchema | undefined;
}

/** Which columns each side has, from parameters such as `?x=a,b`. */
export function choiceOf({ place }: Pick<TableSource, 'place'>): Choice {
  return place as Choice;
}

/** Lists the parameters that choose columns, for a description: "?x=, ?y=". */
export function choiceText(layout: Layout): string {
  return choiceFields(layout)
    .map((name) => `?${name}=`)
    .join(', ');
}

export function binarySchema(description: string): TSchema {
  return Type.String({ format: 'binary', description });
}

/** A small table in which every side is found without parameters. */
export function exampleTable({ sides, apart }: Layout): { names: string[]; rows: number[][] } {
  const names = [...sides, ...(apart === undefined ? [] : ['bmi', 'bp'])];
  const columns = [
    [58.1, 61.4, 49.9, 72.3, 66, 54.2, 80.5, 45.7, 69.8, 63.3, 51, 77.6],
    [1.61, 1.66, 1.58, 1.79, 1.7, 1.63, 1.85, 1.52, 1.74, 1.71, 1.57, 1.8],
    [34, 51, 28, 60, 45, 39, 71, 24, 36, 56, 48, 66],
  ].slice(0, names.length);
  return { names, rows: (columns[0] ?? []).map((_, r) => columns.map((column) => column[r] ?? 0)) };
}
