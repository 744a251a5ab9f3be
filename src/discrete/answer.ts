import { classesInformation } from '../classical/classes.js';
import type { Scores } from '../encoding/encode.js';
import { columnOf, type Matrix } from '../maths/matrix.js';
import { probit } from '../maths/normal.js';
import { entropyQuantiles } from './entropy-cap.js';
import { tableQuantiles } from './posterior.js';
import { tableOf } from './table.js';

/** One side of a question: a single column, as values and as scores. */
export interface DiscreteSide {
  readonly matrix: Matrix;
  readonly scores: Scores;
  /** Distinct values. */
  readonly distinct: number;
  /** Whether the values are labels without order. */
  readonly nominal: boolean;
}

export type DiscreteEstimator = 'table' | 'classes';

/** What the discrete estimators answer, and how much of the answer is theirs. */
export interface DiscreteAnswer {
  /** Quantiles at the taus, in nats, ascending. */
  readonly knots: Float64Array;
  /** In (0, 1]; the rest is the model's. */
  readonly weight: number;
  /** The one of the larger part. */
  readonly estimator: DiscreteEstimator;
}

/** A column of at most so many values is discrete; of more than the second number, continuous. */
const LEVELS = { from: 20, to: 50 };
/** Fewer rows per value than the first number: continuous; more than the second: discrete. */
const ROWS_PER_LEVEL = { from: 2, to: 5 };
/** In sparser tables of ordered values, the model, which knows the order, is closer to the truth. */
const ROWS_PER_CELL = { from: 1, to: 3 };
/** With fewer rows per class than the first number, classes have too few neighbors. */
const ROWS_PER_CLASS = { from: 5, to: 20 };
/** Standard errors of the estimate from classes, as its own is a little too small. */
const CLASSES_INFLATION = 1.15;

/**
 * Answers a question about two single columns of which at least one is discrete.
 *
 * Where one estimator hands over to another, both answer, with weights that change gradually with
 * the numbers of values and rows. So a column that is refined step by step makes no answer jump.
 *
 * @returns undefined where the question is the model's alone.
 */
export function discreteAnswer(
  x: DiscreteSide,
  y: DiscreteSide,
  taus: readonly number[],
): DiscreteAnswer | undefined {
  const { rows } = x.matrix;
  const [dx, dy] = [discreteness(x, rows), discreteness(y, rows)];
  const sparse = x.nominal || y.nominal ? 1 : ramp(rows / (x.distinct * y.distinct), ROWS_PER_CELL);
  const parts = [
    { estimator: 'table' as const, weight: dx * dy * sparse, knots: () => tableKnots(x, y, taus) },
    classesPart(x, y, dx * (1 - dy), taus),
    classesPart(y, x, dy * (1 - dx), taus),
  ].filter(({ weight }) => weight > 0);
  const weight = parts.reduce((sum, part) => sum + part.weight, 0);
  if (weight === 0) return undefined;
  const knots = new Float64Array(taus.length);
  for (const part of parts) {
    part.knots().forEach((q, k) => {
      knots[k] = (knots[k] as number) + (part.weight / weight) * q;
    });
  }
  const classes = parts.reduce(
    (sum, part) => (part.estimator === 'classes' ? sum + part.weight : sum),
    0,
  );
  return { knots, weight, estimator: classes > weight / 2 ? 'classes' : 'table' };
}

/**
 * How far a column is one of labels, in [0, 1]: 1 for few values or labels without order, 0 for
 * many values or values that hardly repeat.
 */
export function discreteness(
  { distinct, nominal }: Pick<DiscreteSide, 'distinct' | 'nominal'>,
  rows: number,
): number {
  if (nominal) return 1;
  const few = 1 - ramp(distinct, LEVELS);
  const often = ramp(rows / distinct, ROWS_PER_LEVEL);
  return few * often;
}

function classesPart(
  labels: DiscreteSide,
  other: DiscreteSide,
  share: number,
  taus: readonly number[],
) {
  const { rows } = labels.matrix;
  const enough = ramp(rows / labels.distinct, ROWS_PER_CLASS);
  return {
    estimator: 'classes' as const,
    weight: share * enough,
    knots: () => classesKnots(labels, other, taus),
  };
}

function tableKnots(x: DiscreteSide, y: DiscreteSide, taus: readonly number[]): Float64Array {
  return tableQuantiles(tableOf(columnOf(x.matrix, 0), columnOf(y.matrix, 0)), taus);
}

/** Normal quantiles about the estimate, between 0 and the entropy of the labels. */
function classesKnots(
  labels: DiscreteSide,
  other: DiscreteSide,
  taus: readonly number[],
): Float64Array {
  const { information, standardError } = classesInformation(
    columnOf(labels.matrix, 0),
    other.scores,
  );
  const cap = entropyQuantiles(labels.matrix, taus);
  return Float64Array.from(taus, (tau, k) => {
    const q = information + CLASSES_INFLATION * standardError * probit(tau);
    return Math.max(0, Math.min(cap[k] as number, q));
  });
}

/** 0 up to the first number, 1 from the second on, linear in the logarithm between them. */
function ramp(value: number, { from, to }: { from: number; to: number }): number {
  return Math.min(1, Math.max(0, Math.log(value / from) / Math.log(to / from)));
}
