import { discreteEntropy } from '../classical/plugin.js';
import { MistdError } from '../errors.js';
import type { Column, Side, Sides } from './columns.js';
import { type Matrix, MIN_ROWS, type SampleLimits, type Samples } from './samples.js';

export const MISSING_RULES = ['error', 'drop_rows', 'drop_pairwise'] as const;

export type MissingRule = (typeof MISSING_RULES)[number];

export interface DataOptions {
  /** What to do with a missing value. With one x and one y, both ways of dropping are the same. */
  readonly missing: MissingRule;
  /** Names of columns whose values have no order. Text columns are so without being named. */
  readonly categorical: readonly string[];
  /** Names of columns of numbers that take few values. Detected without being named. */
  readonly discrete: readonly string[];
}

/** How a column that takes few values was understood. */
export interface DiscreteColumn {
  readonly name: string;
  readonly type: 'boolean' | 'categorical' | 'discrete';
  readonly levels: number;
}

/** Samples for the estimators, and what was made of the columns that were sent. */
export interface Prepared {
  readonly samples: Samples;
  /** Names of the samples' columns; one of a category is `name=label`. */
  readonly names: { readonly x: readonly string[]; readonly y: readonly string[] };
  /** Columns that were sent. */
  readonly sent: { readonly x: number; readonly y: number };
  readonly dropped: number;
  readonly discrete: readonly DiscreteColumn[];
  /** Entropy of y in nats, when all of its columns are discrete. */
  readonly entropyY: number | undefined;
}

/** Whole numbers of at most this many values are taken as discrete… */
const DETECTED_LEVELS = 20;
/** …when each value is seen this often on average. */
const ROWS_PER_LEVEL = 5;

/**
 * Deals with missing values and categories.
 *
 * A column of categories becomes one column of 0 and 1 for each of its labels but the most
 * frequent one (of equally frequent ones, the first in alphabetical order): together they tell as
 * much as the labels do. Booleans become 0 and 1. Numbers stay as they are, discrete or not.
 *
 * @throws MistdError missing_value, unknown_column, too_few_rows or too_many_columns.
 */
export function prepare(sides: Sides, options: DataOptions, limits: SampleLimits): Prepared {
  checkNames(sides, options);
  const kept = keptRows(sides, options.missing);
  const x = codeSide(sides.x, kept, options);
  const y = codeSide(sides.y, kept, options);
  for (const [name, side] of [['x', x] as const, ['y', y] as const]) {
    if (side.matrix.columns <= limits.maxColumns) continue;
    const widest = side.discrete.reduce((a, b) => (a.levels >= b.levels ? a : b));
    throw new MistdError(
      'too_many_columns',
      `${name} has ${side.matrix.columns} columns once its categories have a column each (${widest.name} has ${widest.levels} categories); the limit is ${limits.maxColumns}.`,
      { pointer: `/${name}` },
    );
  }
  return {
    samples: { x: x.matrix, y: y.matrix },
    names: { x: x.names, y: y.names },
    sent: { x: sides.x.columns.length, y: sides.y.columns.length },
    dropped: rowsOf(sides.x) - kept.length,
    discrete: [...x.discrete, ...y.discrete],
    entropyY: y.discrete.length === sides.y.columns.length ? discreteEntropy(y.matrix) : undefined,
  };
}

function checkNames(sides: Sides, { categorical, discrete }: DataOptions): void {
  const columns = [...sides.x.columns, ...sides.y.columns];
  const known = columns.map(({ name }) => name);
  for (const [field, names] of Object.entries({ categorical, discrete })) {
    names.forEach((name, i) => {
      if (known.includes(name)) return;
      throw new MistdError(
        'unknown_column',
        `There is no column ${JSON.stringify(name)}; the columns are ${known.slice(0, 20).join(', ')}.`,
        { pointer: `/${field}/${i}` },
      );
    });
  }
}

/** The rows without a missing value. */
function keptRows({ x, y }: Sides, missing: MissingRule): Int32Array {
  const rows = rowsOf(x);
  const complete = new Uint8Array(rows).fill(1);
  for (const side of [x, y]) {
    side.columns.forEach(({ values }, c) => {
      for (let r = 0; r < rows; r++) {
        if (!Number.isNaN(values[r])) continue;
        if (missing === 'error') {
          const pointer = side.pointerOf(r, c);
          throw new MistdError('missing_value', `The sample at ${pointer} is missing.`, {
            pointer,
          });
        }
        complete[r] = 0;
      }
    });
  }
  const kept = Int32Array.from({ length: rows }, (_, r) => r).filter((r) => complete[r] === 1);
  if (kept.length < MIN_ROWS) {
    throw new MistdError('too_few_rows', `Of ${rows} rows, ${kept.length} have no missing value.`, {
      pointer: '',
    });
  }
  return kept;
}

interface CodedSide {
  readonly matrix: Matrix;
  readonly names: readonly string[];
  readonly discrete: readonly DiscreteColumn[];
}

function codeSide(side: Side, kept: Int32Array, options: DataOptions): CodedSide {
  const coded = side.columns.map((column) => codeColumn(column, kept, options));
  const columns = coded.flatMap((column) => column.columns);
  const values = new Float64Array(columns.length * kept.length);
  columns.forEach((column, c) => {
    values.set(column.values, c * kept.length);
  });
  return {
    matrix: { rows: kept.length, columns: columns.length, values },
    names: columns.map(({ name }) => name),
    discrete: coded.flatMap(({ discrete }) => discrete ?? []),
  };
}

interface CodedColumn {
  readonly columns: readonly { readonly name: string; readonly values: Float64Array }[];
  readonly discrete?: DiscreteColumn | undefined;
}

function codeColumn(column: Column, kept: Int32Array, options: DataOptions): CodedColumn {
  const { name, kind } = column;
  const values = Float64Array.from(kept, (row) => column.values[row] as number);
  if (kind === 'text' || options.categorical.includes(name)) {
    return codeCategories(column, values);
  }
  const levels = levelsOf(values);
  const declared = kind === 'boolean' || options.discrete.includes(name);
  const isDiscrete = declared || (levels !== undefined && looksDiscrete(levels, values.length));
  return {
    columns: [{ name, values }],
    discrete: isDiscrete
      ? {
          name,
          type: kind === 'boolean' ? 'boolean' : 'discrete',
          levels: levels?.size ?? new Set(values).size,
        }
      : undefined,
  };
}

/** The distinct values, if they are few. */
function levelsOf(values: Float64Array): Set<number> | undefined {
  const levels = new Set<number>();
  for (const value of values) {
    levels.add(value);
    if (levels.size > DETECTED_LEVELS) return undefined;
  }
  return levels;
}

function looksDiscrete(levels: Set<number>, rows: number): boolean {
  return rows >= ROWS_PER_LEVEL * levels.size && [...levels].every(Number.isInteger);
}

function codeCategories({ name, kind, labels }: Column, values: Float64Array): CodedColumn {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const levels = [...counts].map(([code, count]) => ({
    code,
    count,
    label: kind === 'text' ? (labels[code] as string) : String(code),
  }));
  levels.sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
  // A lone category still is a column, one that never changes.
  const shown = levels.length === 1 ? levels : levels.slice(1);
  return {
    columns: shown.map(({ code, label }) => ({
      name: `${name}=${label}`,
      values: values.map((value) => (value === code ? 1 : 0)),
    })),
    discrete: { name, type: 'categorical', levels: levels.length },
  };
}

function rowsOf(side: Side): number {
  return side.columns[0]?.values.length ?? 0;
}
