import { MistdError } from '../errors.js';
import { discreteEntropy } from '../maths/entropy.js';
import { matrixOf } from '../maths/matrix.js';
import { type Column, record, rowsOf, type Side, type Sides } from './columns.js';
import { levelsByCount, numbered } from './levels.js';
import { completeRows, MIN_ROWS, type NamedSide, type SampleLimits } from './samples.js';

export const MISSING_RULES = ['error', 'drop_rows', 'drop_pairwise'] as const;

export type MissingRule = (typeof MISSING_RULES)[number];

export interface DataOptions {
  /**
   * What to do with missing values. In a table, drop_pairwise keeps all rows, and each estimate
   * leaves out the rows in which its own columns have a missing value; elsewhere it equals
   * drop_rows.
   */
  readonly missing: MissingRule;
  /** Names of columns whose values have no order. Text columns are always included. */
  readonly categorical: readonly string[];
  /** Names of numeric columns that take few values, in addition to those detected. */
  readonly discrete: readonly string[];
}

/** How a column with few distinct values was interpreted. */
export interface DiscreteColumn {
  readonly name: string;
  readonly type: 'boolean' | 'categorical' | 'discrete';
  readonly levels: number;
}

/** A side as the estimators use it, and how the sent columns were interpreted. */
export interface PreparedSide extends NamedSide {
  /** Number of columns that were sent. */
  readonly sent: number;
  readonly discrete: readonly DiscreteColumn[];
  /** Entropy in nats if all columns are discrete. */
  readonly entropy: number | undefined;
}

export interface Prepared<Name extends string = string> {
  readonly named: Readonly<Record<Name, PreparedSide>>;
  readonly apart: readonly PreparedSide[];
  /** Number of rows in use. */
  readonly rows: number;
  /** Number of rows left out because of missing values. */
  readonly dropped: number;
}

/** A column of whole numbers is discrete if it has at most this many distinct values… */
const DETECTED_LEVELS = 20;
/** …and at least this many rows per distinct value. */
const ROWS_PER_LEVEL = 5;

/**
 * How a column of categories is coded. Both codings carry the same information as the labels.
 *
 * - numbers: one column of 0, 1, 2, …, the most frequent label first, as the model was trained on.
 * - indicators: one column of 0 and 1 for each label except the most frequent one, for estimators
 *   that would give the order of the numbers a meaning.
 */
export type CategoryCoding = 'numbers' | 'indicators';

/** Maximum number of labels: a column with more identifies rows rather than categories. */
const MOST_LABELS = 64;

/**
 * Handles missing values and codes categories. Equally frequent labels are ordered alphabetically.
 * Booleans become 0 and 1. Numbers keep their values, discrete or not.
 *
 * @throws MistdError missing_value, unknown_column, too_few_rows, too_many_columns or
 * too_many_categories.
 */
export function prepare<Name extends string>(
  { named, apart }: Sides<Name>,
  options: DataOptions,
  limits: SampleLimits,
  coding: CategoryCoding,
): Prepared<Name> {
  const all = [...Object.values<Side>(named), ...apart];
  checkNames(all, options);
  const rows = rowsOf(all[0]);
  const keepAll = options.missing === 'drop_pairwise' && apart.length > 0;
  const kept = keepAll ? Int32Array.from({ length: rows }, (_, r) => r) : keptRows(all, options);
  const prepared = (side: Side) => prepareSide(side, kept, options, limits, coding);
  return {
    named: record(Object.keys(named) as Name[], (name) => prepared(named[name])),
    apart: apart.map(prepared),
    rows: kept.length,
    dropped: rows - kept.length,
  };
}

function checkNames(sides: readonly Side[], { categorical, discrete }: DataOptions): void {
  const known = sides.flatMap(({ columns }) => columns.map(({ name }) => name));
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
function keptRows(sides: readonly Side[], { missing }: DataOptions): Int32Array {
  const rows = rowsOf(sides[0]);
  const complete = new Uint8Array(rows).fill(1);
  for (const side of sides) {
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
    throw new MistdError(
      'too_few_rows',
      `Rows without a missing value: ${kept.length} of ${rows}; at least ${MIN_ROWS} are needed.`,
      { pointer: '' },
    );
  }
  return kept;
}

function prepareSide(
  side: Side,
  kept: Int32Array,
  options: DataOptions,
  limits: SampleLimits,
  coding: CategoryCoding,
): PreparedSide {
  const coded = side.columns.map((column) =>
    codeColumn(column, kept, options, coding, side.pointer),
  );
  const columns = coded.flatMap((column) => column.columns);
  const discrete = coded.flatMap((column) => column.discrete ?? []);
  if (columns.length > limits.maxColumns) {
    const widest = discrete.reduce((a, b) => (a.levels >= b.levels ? a : b));
    throw new MistdError(
      'too_many_columns',
      `${side.name} has ${columns.length} columns after one-hot encoding its categories (${widest.name} has ${widest.levels} categories); the limit is ${limits.maxColumns}.`,
      { pointer: side.pointer },
    );
  }
  const nominal = columns.length === 1 && discrete.some(({ type }) => type === 'categorical');
  const matrix = {
    ...matrixOf(columns.map(({ values }) => values)),
    ...(nominal ? { nominal } : {}),
  };
  return {
    name: side.name,
    matrix,
    columns: columns.map(({ name }) => name),
    sent: side.columns.length,
    discrete,
    entropy:
      discrete.length === side.columns.length ? discreteEntropy(completeRows(matrix)) : undefined,
  };
}

/** @throws MistdError too_many_categories. */
export function checkCategories(name: string, count: number, pointer: string): void {
  if (count <= MOST_LABELS) return;
  throw new MistdError(
    'too_many_categories',
    `${name} has ${count} categories; the limit is ${MOST_LABELS}.`,
    { pointer },
  );
}

interface CodedColumn {
  readonly columns: readonly { readonly name: string; readonly values: Float64Array }[];
  readonly discrete?: DiscreteColumn | undefined;
}

function codeColumn(
  column: Column,
  kept: Int32Array,
  options: DataOptions,
  coding: CategoryCoding,
  pointer: string,
): CodedColumn {
  const { name, kind } = column;
  const values = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i++) values[i] = column.values[kept[i] as number] as number;
  if (kind === 'text' || options.categorical.includes(name)) {
    return codeCategories(column, values, coding, pointer);
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
          levels: levels?.size ?? new Set(values.filter((v) => !Number.isNaN(v))).size,
        }
      : undefined,
  };
}

/** The distinct values; undefined if there are more than DETECTED_LEVELS. */
function levelsOf(values: Float64Array): Set<number> | undefined {
  const levels = new Set<number>();
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    levels.add(value);
    if (levels.size > DETECTED_LEVELS) return undefined;
  }
  return levels;
}

function looksDiscrete(levels: Set<number>, rows: number): boolean {
  return rows >= ROWS_PER_LEVEL * levels.size && [...levels].every(Number.isInteger);
}

function codeCategories(
  { name, kind, labels }: Column,
  values: Float64Array,
  coding: CategoryCoding,
  pointer: string,
): CodedColumn {
  const levels = levelsByCount(values, (code) =>
    kind === 'text' ? (labels[code] as string) : String(code),
  );
  checkCategories(name, levels.length, pointer); // before creating one column per category
  const discrete: DiscreteColumn = { name, type: 'categorical', levels: levels.length };
  if (coding === 'numbers')
    return { columns: [{ name, values: numbered(values, levels) }], discrete };
  const shown = levels.length === 1 ? levels : levels.slice(1); // a single label is one constant column
  const columns = shown.map(({ value, label }) => ({
    name: `${name}=${label}`,
    values: values.map((v) => (Number.isNaN(v) ? v : Number(v === value))),
  }));
  return { columns, discrete };
}
