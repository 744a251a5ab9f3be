import type { Estimator } from '../discrete/answer.js';
import { MistdError } from '../errors.js';
import { discreteEntropy } from '../maths/entropy.js';
import { columnOf, joinColumns, type Matrix, matrixOf } from '../maths/matrix.js';
import { levelsByCount, numbered } from '../samples/levels.js';
import { checkCategories, type PreparedSide } from '../samples/prepare.js';
import {
  completeRows,
  MIN_ROWS,
  missingRows,
  type NamedSide,
  rowsInCommon,
} from '../samples/samples.js';
import type { EstimateWarning } from '../warnings.js';
import {
  type BriefEstimate,
  type BriefOptions,
  brief,
  distributionOf,
  estimatorOf,
  medianOf,
} from './estimate.js';
import type { ModelTraits } from './model.js';
import type { Ask, Question } from './question.js';
import {
  estimatePairs,
  type PairTestOptions,
  tooFewCompleteRows,
  warningCases,
} from './side-pairs.js';
import { fromNats, uncertaintyCoefficient } from './units.js';
import { rowsDroppedPairwise, warningsFor } from './warnings.js';

export const SELECTION_METHODS = ['mrmr', 'conditional'] as const;

export interface Selection {
  readonly method: (typeof SELECTION_METHODS)[number];
  /** Number of features to select, at most the number of features. */
  readonly k: number;
}

export interface RankedFeature extends BriefEstimate {
  readonly name: string;
  readonly estimator: Estimator;
  /** The estimate as a share of the entropy of a target of classes, in [0, 1]. */
  readonly uncertainty_coefficient?: number;
  readonly p_value?: number;
  readonly q_value?: number;
  /** Number of rows used; absent if all features have values in all rows. */
  readonly rows?: number;
}

export interface SelectedFeature {
  readonly name: string;
  /** The score by which it was selected at its step, in the requested unit. */
  readonly score: number;
  /** Joint information of the features selected so far, this one included, about the target. */
  readonly joint: BriefEstimate;
}

export interface Screen {
  /** Most informative first. */
  readonly ranking: RankedFeature[];
  /** In the order of selection. */
  readonly selected?: SelectedFeature[];
  readonly target_type: TargetType;
  /** Entropy of a target of classes, in the requested unit. */
  readonly target_entropy?: number;
  readonly warnings: EstimateWarning[];
}

export interface ScreenOptions extends BriefOptions, PairTestOptions {
  /** Default: determined from the target's values. */
  readonly targetType?: TargetType | undefined;
  readonly select?: Selection | undefined;
  /** The maximum number of columns per side of an estimate. */
  readonly maxColumns: number;
}

export const TARGET_TYPES = ['numeric', 'classes'] as const;

export type TargetType = (typeof TARGET_TYPES)[number];

/** A target column has classes if it has at most this many distinct values… */
const MOST_CLASSES = 10;
/** …and on average at least this many rows per value. */
const ROWS_PER_CLASS = 10;

/**
 * Mutual information of each feature with the target, and a selection of features that are
 * informative together.
 *
 * Classes of a target are renumbered by frequency.
 *
 * @param features sides with the target's rows and distinct names. Each estimate leaves out the
 *   rows in which its own columns have a missing value.
 */
export async function screen(
  ask: Ask,
  features: readonly NamedSide[],
  target: PreparedSide,
  model: ModelTraits,
  options: ScreenOptions,
): Promise<Screen> {
  checkTarget(target, options.targetType);
  if (options.select !== undefined) checkSelection(options.select, features, options.maxColumns);
  const type = options.targetType ?? typeOf(target);
  const y = type === 'classes' ? classesOf(target) : target;
  const pairs = features.map((x) => ({ x, y }));
  const results = await estimatePairs(ask, pairs, model, options);
  const entropy = type === 'classes' ? y.entropy : undefined;
  const rows = results.map(({ answer }) => answer.facts.rows);
  const complete = rows.every((n) => n === target.matrix.rows);
  const ranking = results
    .map(({ x, answer, p, q }, i) => {
      const nats = medianOf(answer, model);
      return {
        name: x.name,
        ...brief(distributionOf(answer, model), options),
        estimator: estimatorOf(answer),
        ...(entropy === undefined
          ? {}
          : { uncertainty_coefficient: uncertaintyCoefficient(nats, entropy) }),
        ...(p === undefined || q === undefined ? {} : { p_value: p, q_value: q }),
        ...(complete ? {} : { rows: at(rows, i) }),
      };
    })
    .sort((a, b) => b.estimate - a.estimate);
  const relevances = results.map(({ answer }) => medianOf(answer, model));
  const chosen =
    options.select &&
    (await SELECTORS[options.select.method](
      { ask, features, target: y.matrix, relevances, model },
      options.select.k,
    ));
  return {
    ranking,
    ...(chosen === undefined
      ? {}
      : {
          selected: chosen.map(({ feature, score, joint }) => ({
            name: feature.name,
            score: fromNats(score, options.unit),
            joint: brief(distributionOf(joint, model), options),
          })),
        }),
    target_type: type,
    ...(entropy === undefined ? {} : { target_entropy: fromNats(entropy, options.unit) }),
    warnings: [
      ...warningsFor(warningCases(results), model),
      ...rowsDroppedPairwise(target.matrix.rows, rows),
    ],
  };
}

interface Search {
  readonly ask: Ask;
  readonly features: readonly NamedSide[];
  readonly target: Matrix;
  /** Each feature's own mutual information with the target, in nats. */
  readonly relevances: readonly number[];
  readonly model: ModelTraits;
}

interface Choice {
  readonly feature: NamedSide;
  /** In nats. */
  readonly score: number;
  readonly joint: Awaited<ReturnType<Ask>>[number];
}

const SELECTORS = { mrmr: byRedundancy, conditional: byJointInformation };

/**
 * Minimum redundancy, maximum relevance (Peng, Long & Ding 2005, difference form): each step
 * selects the feature with the largest I(feature; target) minus its mean mutual information with
 * the features selected before.
 */
async function byRedundancy(search: Search, k: number): Promise<Choice[]> {
  const { ask, features, target, relevances, model } = search;
  const chosen: { f: number; score: number }[] = [];
  const redundancy = features.map(() => 0);
  while (chosen.length < k) {
    const left = remaining(features, chosen);
    const scores = left.map(
      (f) => at(relevances, f) - at(redundancy, f) / Math.max(1, chosen.length),
    );
    const best = largest(scores);
    const f = at(left, best);
    chosen.push({ f, score: at(scores, best) });
    if (chosen.length === k) break;
    const others = left.filter((other) => other !== f);
    const y = at(features, f).matrix;
    const answers = await ask(others.map((other) => jointQuestion([at(features, other)], y)));
    others.forEach((other, i) => {
      redundancy[other] = at(redundancy, other) + medianOf(at(answers, i), model);
    });
  }
  const sets = chosen.map((_, i) => chosen.slice(0, i + 1).map(({ f }) => at(features, f)));
  const joints = await ask(sets.map((set) => jointQuestion(set, target)));
  return chosen.map(({ f, score }, i) => ({
    feature: at(features, f),
    score,
    joint: at(joints, i),
  }));
}

/**
 * Greedy selection by I(feature; target | selected): each step selects the feature that adds most
 * to the joint information about the target. A copy of a selected feature adds nothing.
 */
async function byJointInformation(search: Search, k: number): Promise<Choice[]> {
  const { ask, features, target, model } = search;
  const chosen: { f: number; choice: Choice }[] = [];
  let jointSoFar = 0;
  while (chosen.length < k) {
    const left = remaining(features, chosen);
    const sets = left.map((f) => [...chosen.map(({ choice }) => choice.feature), at(features, f)]);
    const joints = await ask(sets.map((set) => jointQuestion(set, target)));
    const medians = joints.map((joint) => medianOf(joint, model));
    const best = largest(medians);
    const f = at(left, best);
    const score = at(medians, best) - jointSoFar;
    chosen.push({ f, choice: { feature: at(features, f), score, joint: at(joints, best) } });
    jointSoFar = at(medians, best);
  }
  return chosen.map(({ choice }) => choice);
}

function jointQuestion(set: readonly NamedSide[], target: Matrix): Question {
  const question = { x: joinColumns(...set.map(({ matrix }) => matrix)), y: target };
  const rows = rowsInCommon(target.rows, missingRows(question.x), missingRows(target));
  if (rows >= MIN_ROWS) return question;
  const names = set.map(({ name }) => name).join(', ');
  throw tooFewCompleteRows(rows, `${names} and what they are compared with`);
}

function remaining(features: readonly NamedSide[], chosen: readonly { f: number }[]): number[] {
  return features.map((_, f) => f).filter((f) => chosen.every((choice) => choice.f !== f));
}

function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/**
 * Checks that classes are one column with few enough of them, and that categories are not numeric.
 */
function checkTarget(target: PreparedSide, type: TargetType | undefined): void {
  if (type === 'classes' && target.sent > 1) {
    throw new MistdError(
      'invalid_value',
      `The target has ${target.sent} columns; a target of classes must have one.`,
      { pointer: '/target' },
    );
  }
  if (type === 'numeric' && target.discrete.some((column) => column.type === 'categorical')) {
    throw new MistdError(
      'invalid_value',
      'The target is categorical, so its type cannot be "numeric"; send "classes".',
      { pointer: '/target_type' },
    );
  }
  if (type === 'classes') {
    const classes = levelsByCount(columnOf(target.matrix, 0)).length;
    checkCategories('The target', classes, '/target');
  }
}

/** Checks that there are k features and that any k of them fit into one side of an estimate. */
function checkSelection(
  { k }: Selection,
  features: readonly NamedSide[],
  maxColumns: number,
): void {
  if (k > features.length) {
    throw new MistdError(
      'out_of_range',
      `k is ${k}; it may be at most the number of features, ${features.length}.`,
      { pointer: '/select/k' },
    );
  }
  const widths = features.map(({ matrix }) => matrix.columns).sort((a, b) => b - a);
  const together = widths.slice(0, k).reduce((sum, columns) => sum + columns, 0);
  if (together > maxColumns) {
    throw new MistdError(
      'too_many_columns',
      `The ${k} widest features have ${together} columns together; the limit is ${maxColumns}.`,
      { pointer: '/select/k' },
    );
  }
}

/** Determines the type of a target from its values. */
function typeOf({ matrix, discrete, sent }: PreparedSide): TargetType {
  if (sent === 1 && discrete.some(({ type }) => type !== 'discrete')) return 'classes';
  if (matrix.columns !== 1) return 'numeric';
  const levels = levelsByCount(columnOf(completeRows(matrix), 0)).length;
  return levels <= MOST_CLASSES && levels * ROWS_PER_CLASS <= matrix.rows ? 'classes' : 'numeric';
}

/** The target with its classes numbered by frequency. */
function classesOf(target: PreparedSide): PreparedSide {
  if (target.discrete.some(({ type }) => type === 'categorical')) return target;
  const values = columnOf(target.matrix, 0);
  const matrix = { ...matrixOf([numbered(values, levelsByCount(values))]), nominal: true };
  return { ...target, matrix, entropy: discreteEntropy(completeRows(matrix)) };
}

function at<T>(values: readonly T[], i: number): T {
  return values[i] as T;
}
