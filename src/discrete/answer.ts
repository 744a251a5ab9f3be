import { classesInformation } from '../classical/classes.js';
import { entropyOfCounts } from '../maths/entropy.js';
import { probit } from '../maths/normal.js';
import { type LabelEntropy, labelEntropy } from './entropy-cap.js';
import { tableQuantiles } from './posterior.js';
import { frequencyInformation, type Table, tableOf } from './table.js';

/** One side of a question. */
export interface QuestionSide {
  /** The columns that vary and repeat no other. */
  readonly columns: readonly Float64Array[];
  /** Number of distinct values of each column. */
  readonly distinct: readonly number[];
  /** Whether the values of the only column are labels without order. */
  readonly nominal: boolean;
}

export const ESTIMATORS = ['model', 'table', 'classes'] as const;

/**
 * What answered a question.
 *
 * - model: the learned model.
 * - table: the mixture of Dirichlet models of a table of labels (`tableQuantiles`).
 * - classes: nearest neighbors of classes in a continuous column (`classesInformation`).
 */
export type Estimator = (typeof ESTIMATORS)[number];

/** What discreteness of the sides adds to the model's answer: plain data. */
export interface DiscretePart {
  /** Quantiles of the discrete estimators at the taus, in nats; all 0 if their weight is 0. */
  readonly knots: Float64Array;
  /** Their share of the answer, in [0, 1]; the rest is the model's. */
  readonly weight: number;
  /** The one with the largest share. */
  readonly estimator: Estimator;
  /** Upper bounds on the quantiles: the entropy of the discrete sides; Infinity without one. */
  readonly caps: Float64Array;
  /** ln of the fewest labels of a discrete side: no quantile at all may exceed it. */
  readonly limit: number;
  /** Of a table: the plug-in estimate, in nats; the statistic of tests, as it changes with every row. */
  readonly statistic?: number;
  /** Of a table: the sides that the other side determines, as far as the rows show. */
  readonly determined?: readonly ('x' | 'y')[];
}

/** A column of at most `from` values is discrete, of `to` and more continuous. */
const LEVELS = { from: 20, to: 50 };
/** A column with at most `from` rows per value is continuous, with `to` and more discrete. */
const ROWS_PER_LEVEL = { from: 2, to: 5 };
/**
 * Tables of ordered values with at most `from` rows per cell are the model's, with `to` and more
 * the table's: in sparse tables the model, which uses the order, is closer to the truth.
 */
const ROWS_PER_CELL = { from: 1, to: 3 };
/** Classes with at most `from` rows each have too few neighbors; those of `to` have enough. */
const ROWS_PER_CLASS = { from: 5, to: 20 };
/** The share of a side's entropy from which on the other side determines it. */
const DETERMINED = 0.999;
/**
 * An estimate from classes of at most `from` standard errors is left to the model, which knows best
 * what independence looks like; one of `to` and more is not.
 */
const SIGNAL = { from: 1, to: 3 };
/** The standard error of the estimate from classes is a little too small. */
const CLASSES_INFLATION = 1.15;

/**
 * Finds out which sides are discrete, what that bounds, and what the discrete estimators answer.
 *
 * Two estimators that hand over to one another both answer in between, with weights that change
 * gradually with the numbers of values and rows. So no answer jumps when a column is refined.
 *
 * @returns undefined if neither side is discrete.
 */
export function discretePart(
  x: QuestionSide,
  y: QuestionSide,
  taus: readonly number[],
): DiscretePart | undefined {
  const [entropyX, entropyY] = [entropyOfSide(x), entropyOfSide(y)];
  const entropies = [entropyX, entropyY].filter((entropy) => entropy !== undefined);
  const parts = weightedParts(x, y, taus);
  if (entropies.length === 0 && parts.length === 0) return undefined;
  const weight = Math.min(
    1,
    parts.reduce((sum, part) => sum + part.weight, 0),
  );
  const knots = new Float64Array(taus.length);
  for (const part of parts) {
    part.knots.forEach((q, k) => {
      knots[k] = (knots[k] as number) + (part.weight / weight) * q;
    });
  }
  const shares = { model: 1 - weight, table: 0, classes: 0 };
  for (const part of parts) shares[part.estimator] += part.weight;
  const [estimator] = [...ESTIMATORS].sort((a, b) => shares[b] - shares[a]);
  return {
    knots,
    weight,
    estimator: estimator as Estimator,
    caps: Float64Array.from(taus, (tau) => Math.min(...entropies.map(({ at }) => at(tau)))),
    limit: Math.log(Math.min(...entropies.map(({ labels }) => labels))),
    ...parts.find(({ weight }) => weight === 1)?.facts,
  };
}

/**
 * The model's quantiles and those of the discrete estimators, combined and bounded.
 *
 * @param model the model's quantiles; unused if the discrete estimators have all of the weight.
 */
export function combined(
  model: Float64Array,
  { knots, weight, caps }: DiscretePart,
): Float64Array<ArrayBuffer> {
  return Float64Array.from(knots, (q, k) =>
    Math.min(
      caps[k] as number,
      weight === 1
        ? q
        : weight * q + (1 - weight) * Math.min(caps[k] as number, model[k] as number),
    ),
  );
}

/** The entropy of a side whose columns are all discrete, with rows enough to estimate it. */
export function entropyOfSide({
  columns,
  distinct,
  nominal,
}: QuestionSide): LabelEntropy | undefined {
  const rows = columns[0]?.length ?? 0;
  const discrete = distinct.every((levels) => nominal || discreteness(levels, nominal, rows) > 0);
  if (!discrete || columns.length === 0) return undefined;
  const entropy = labelEntropy(columns);
  return columns.length > 1 && rows < 2 * entropy.labels ? undefined : entropy;
}

type TableFacts = Required<Pick<DiscretePart, 'statistic' | 'determined'>>;

interface WeightedPart {
  readonly estimator: 'table' | 'classes';
  /** In (0, 1]. */
  readonly weight: number;
  readonly knots: Float64Array;
  readonly facts?: TableFacts;
}

/** The parts that have a share. Only single columns are answered without the model. */
function weightedParts(x: QuestionSide, y: QuestionSide, taus: readonly number[]): WeightedPart[] {
  if (x.columns.length !== 1 || y.columns.length !== 1) return [];
  const rows = x.columns[0]?.length ?? 0;
  const [kx = 0] = x.distinct;
  const [ky = 0] = y.distinct;
  const [dx, dy] = [discreteness(kx, x.nominal, rows), discreteness(ky, y.nominal, rows)];
  const dense = x.nominal || y.nominal ? 1 : ramp(rows / (kx * ky), ROWS_PER_CELL);
  return [
    ...tablePart(x, y, dx * dy * dense, taus),
    ...classesPart(x, y, dx * (1 - dy) * ramp(rows / kx, ROWS_PER_CLASS), taus),
    ...classesPart(y, x, dy * (1 - dx) * ramp(rows / ky, ROWS_PER_CLASS), taus),
  ];
}

/**
 * How far a column consists of labels, in [0, 1]: 1 for few values or labels without order, 0 for
 * many values or values that hardly repeat.
 */
function discreteness(levels: number, nominal: boolean, rows: number): number {
  if (nominal) return 1;
  return (1 - ramp(levels, LEVELS)) * ramp(rows / levels, ROWS_PER_LEVEL);
}

/** The part of classes: the larger, the more clearly their estimate is above 0. */
function classesPart(
  labels: QuestionSide,
  other: QuestionSide,
  share: number,
  taus: readonly number[],
): WeightedPart[] {
  if (share === 0) return [];
  const found = classesInformation(onlyColumn(labels), onlyColumn(other));
  const error = CLASSES_INFLATION * found.standardError;
  const weight = share * ramp(found.information / error, SIGNAL);
  if (weight === 0) return [];
  const quantile = (tau: number) => Math.max(0, found.information + error * probit(tau));
  return [{ estimator: 'classes', weight, knots: Float64Array.from(taus, quantile) }];
}

function tablePart(
  x: QuestionSide,
  y: QuestionSide,
  weight: number,
  taus: readonly number[],
): WeightedPart[] {
  if (weight === 0) return [];
  const table = tableOf(onlyColumn(x), onlyColumn(y));
  const knots = tableQuantiles(table, taus);
  return [{ estimator: 'table', weight, knots, facts: tableFacts(table) }];
}

function tableFacts(table: Table): TableFacts {
  const statistic = frequencyInformation(table);
  const enough = table.total >= ROWS_PER_LEVEL.to * Math.max(table.rows, table.columns);
  const isDetermined = (sums: Float64Array) =>
    enough && statistic >= DETERMINED * entropyOfCounts(sums, table.total);
  return {
    statistic,
    determined: [
      ...(isDetermined(table.rowSums) ? (['x'] as const) : []),
      ...(isDetermined(table.columnSums) ? (['y'] as const) : []),
    ],
  };
}

function onlyColumn({ columns }: QuestionSide): Float64Array {
  return columns[0] as Float64Array;
}

/** 0 up to `from`, 1 from `to` on, linear in the logarithm in between. */
function ramp(value: number, { from, to }: { from: number; to: number }): number {
  if (!(value > from)) return 0;
  return Math.min(1, Math.log(value / from) / Math.log(to / from));
}
