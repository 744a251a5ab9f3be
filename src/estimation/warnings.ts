import type { ColumnFacts } from '../samples/facts.js';
import type { Prepared } from '../samples/prepare.js';
import type { NamedSide } from '../samples/samples.js';
import { type EstimateWarning, listed } from '../warnings.js';
import { isPointModel, type ModelTraits } from './model.js';
import { CERTAIN_LEVEL, type ComparedOpinion } from './opinion.js';
import type { ModelAnswer } from './question.js';
import type { Unit } from './units.js';

/** An estimate to warn about, with the names of its sides and columns. */
export interface WarningCase {
  readonly answer: Pick<ModelAnswer, 'facts' | 'blocks' | 'discrete'>;
  readonly x: SideName;
  readonly y: SideName;
}

export type SideName = Pick<NamedSide, 'name' | 'columns'>;

/** With fewer rows, the 90 % interval of independent columns is wider than most estimates. */
const FEW_ROWS = 30;
/**
 * A larger share of tied row pairs gives a warning; a column of 20 equally frequent values has
 * this.
 */
const TIED_PAIRS = 0.05;
/** A smaller share of repeated rows gives no warning. */
const REPEATED_ROWS = 0.01;
/** Columns with more values, or fewer rows per value, do not repeat rows by themselves. */
const FEW_VALUES = 50;
const ROWS_PER_VALUE = 5;
/** Dependence alone also repeats rows of coarse columns, but less than this many times as often. */
const REPEAT_EXCESS = 4;
/**
 * A correlation of 3.1 nats between normal columns; above it, the estimate depends on a few rows.
 */
const NEAR_DETERMINISTIC = 0.999;
/** With fewer rows, such a correlation can occur by chance. */
const NEAR_DETERMINISTIC_ROWS = 10;

/** A side whose columns are named by their index, counting from 0 as JSON pointers do. */
export function numberedSide(name: string, columns: number): SideName {
  return { name, columns: Array.from({ length: columns }, (_, c) => `${name} column ${c}`) };
}

/**
 * Warnings about the samples of estimates, at most one per code.
 *
 * @param cases estimates from the same rows.
 */
export function warningsFor(cases: readonly WarningCase[], model: ModelTraits): EstimateWarning[] {
  const found = [
    fewRows(cases, model),
    outsideTrainedRange(cases, model),
    ...(model.kind === 'mistd'
      ? [constantColumns(cases), redundantColumns(cases), dummyColumns(cases)]
      : []),
    ties(cases),
    duplicateRows(cases),
    ...nearDeterministic(cases),
    referenceModel(model),
    noUncertainty(model),
  ];
  return found.filter((warning) => warning !== undefined);
}

/** The warning for samples from which rows with missing values were left out. */
export function rowsDropped({
  dropped,
  rows,
}: Pick<Prepared, 'dropped' | 'rows'>): EstimateWarning[] {
  if (dropped === 0) return [];
  return [droppedWarning(`${dropped} of ${rows + dropped}`)];
}

/**
 * The warning for estimates that each left out the rows with missing values in its own columns.
 *
 * @param used number of rows of each estimate.
 */
export function rowsDroppedPairwise(rows: number, used: readonly number[]): EstimateWarning[] {
  const least = Math.min(...used);
  if (least === rows) return [];
  return [droppedWarning(`up to ${rows - least} of ${rows} per estimate`)];
}

function droppedWarning(count: string): EstimateWarning {
  return {
    code: 'rows_dropped',
    message: `Rows with missing values were left out: ${count}. If the reason for missing values is related to the data, the remaining rows do not represent all rows.`,
  };
}

/** The warning for a second opinion that disagrees with the model. */
export function classicalDisagrees(
  { method, rows, estimate, standard_error }: ComparedOpinion,
  unit: Unit,
): EstimateWarning {
  return {
    code: 'classical_disagrees',
    message: `${method} on ${rows} rows estimates ${estimate.toPrecision(3)} ± ${standard_error.toPrecision(3)} ${unit}, which contradicts the model's ${100 * CERTAIN_LEVEL} % interval. Plot the data, and compare more methods with /estimate/classical.`,
  };
}

function fewRows(
  cases: readonly WarningCase[],
  { trained }: ModelTraits,
): EstimateWarning | undefined {
  const enough = Math.max(FEW_ROWS, trained.rows[0] as number);
  const rows = cases[0]?.answer.facts.rows ?? enough;
  if (rows >= enough) return undefined;
  return {
    code: 'few_rows',
    message: `${rows} rows are too few for a precise estimate; below ${enough} the result depends mainly on the training distribution.`,
  };
}

function outsideTrainedRange(
  cases: readonly WarningCase[],
  { trained }: ModelTraits,
): EstimateWarning | undefined {
  const outside = new Set<string>();
  for (const { answer, x, y } of cases) {
    const { facts } = answer;
    const sizes = [
      { name: 'rows', size: facts.rows, range: trained.rows },
      { name: `dim_${x.name}`, size: used(facts.x), range: trained.dim_x },
      { name: `dim_${y.name}`, size: used(facts.y), range: trained.dim_y },
    ];
    for (const { name, size, range } of sizes) {
      const [low = 0, high = 0] = range;
      if (size > 0 && (size < low || size > high)) {
        outside.add(`${name} is ${size}; the model was trained on ${low} to ${high}`);
      }
    }
  }
  if (outside.size === 0) return undefined;
  const blocks = Math.max(...cases.map(({ answer }) => answer.blocks));
  const how =
    blocks > 1 ? ` The rows were split into ${blocks} blocks, whose estimates were combined.` : '';
  return { code: 'outside_trained_range', message: `${[...outside].join('. ')}.${how}` };
}

function constantColumns(cases: readonly WarningCase[]): EstimateWarning | undefined {
  const constant = columnsOf(cases, ({ use }) => use === 'constant');
  if (constant.length === 0) return undefined;
  const [are, carry, them] =
    constant.length === 1 ? ['is', 'carries', 'it'] : ['are', 'carry', 'them'];
  const allConstant = cases.some(({ answer: { facts } }) => {
    return used(facts.x) === 0 || used(facts.y) === 0;
  });
  const effect = allConstant
    ? 'the estimate for a side with only constant columns is exactly 0.'
    : `the estimate ignores ${them}.`;
  return {
    code: 'constant_column',
    message: `${listed(constant)} ${are} constant and ${carry} no information; ${effect}`,
  };
}

function redundantColumns(cases: readonly WarningCase[]): EstimateWarning | undefined {
  const redundant = columnsOf(cases, ({ use }) => use === 'redundant');
  if (redundant.length === 0) return undefined;
  const [order, add, them] =
    redundant.length === 1 ? ['orders', 'adds', 'it'] : ['order', 'add', 'them'];
  return {
    code: 'redundant_column',
    message: `${listed(redundant)} ${order} the rows exactly like an earlier column of the same side, or in reverse, and ${add} no information; the estimate ignores ${them}.`,
  };
}

function dummyColumns(cases: readonly WarningCase[]): EstimateWarning | undefined {
  const groups = new Set<string>();
  for (const { facts, columns } of sidesOf(cases)) {
    const labels = new Map<number, string[]>();
    facts.forEach(({ dummyOf }, c) => {
      if (dummyOf === undefined) return;
      labels.set(dummyOf, [...(labels.get(dummyOf) ?? []), columns[c] as string]);
    });
    for (const names of labels.values()) groups.add(listed(names));
  }
  if (groups.size === 0) return undefined;
  return {
    code: 'dummy_columns',
    message: `One-hot encoded labels (dummy columns): ${[...groups].map((names) => `(${names})`).join(', ')}. Each group is read as one column of labels, which carries the same information.`,
  };
}

function ties(cases: readonly WarningCase[]): EstimateWarning | undefined {
  // The other estimators are made for few values.
  const fromModel = cases.filter(
    ({ answer }) => (answer.discrete?.estimator ?? 'model') === 'model',
  );
  const tied = columnsOf(
    fromModel,
    ({ use, tiedPairs }) => use === 'used' && tiedPairs > TIED_PAIRS,
  );
  if (tied.length === 0) return undefined;
  return {
    code: 'ties',
    message: `${listed(tied)} ${tied.length === 1 ? 'has' : 'have'} few distinct values (over ${TIED_PAIRS * 100} % of row pairs tie). With many such columns, the interval may be too narrow.`,
  };
}

function duplicateRows(cases: readonly WarningCase[]): EstimateWarning | undefined {
  // Report the estimate with the largest excess of repeated rows.
  const [most] = cases
    .filter(({ answer: { facts } }) => facts.repeatedRows >= REPEATED_ROWS * facts.rows)
    .filter(({ answer: { facts } }) => !hasFewValues(facts))
    .sort((a, b) => b.answer.facts.repeatExcess - a.answer.facts.repeatExcess);
  if (most === undefined || most.answer.facts.repeatExcess < REPEAT_EXCESS) return undefined;
  const { repeatedRows, rows } = most.answer.facts;
  const of = cases.length > 1 ? ` of ${most.x.name} and ${most.y.name}` : '';
  return {
    code: 'duplicate_rows',
    message: `${repeatedRows} of ${rows} rows${of} ${repeatedRows === 1 ? 'repeats' : 'repeat'} an earlier row, more than ties in the columns explain. Copied rows make dependence look stronger and more certain than it is.`,
  };
}

/** The warning for samples in which one side almost determines a column of the other. */
export function nearDeterministic(cases: readonly WarningCase[]): EstimateWarning[] {
  const tables = cases.filter(({ answer }) => answer.discrete?.determined !== undefined);
  const others = cases.filter((one) => !tables.includes(one));
  const messages = [determinedLabels(tables), almostDetermined(others)];
  const message = messages.filter((text) => text !== undefined).join(' ');
  return message === '' ? [] : [{ code: 'near_deterministic', message }];
}

/** For sides of labels that the other side determines. */
function determinedLabels(cases: readonly WarningCase[]): string | undefined {
  const found = cases.flatMap(({ answer, x, y }) => {
    const determined = answer.discrete?.determined ?? [];
    if (determined.length === 0) return [];
    if (determined.length === 2) return [`${x.name} and ${y.name} determine each other`];
    const [from, to] = determined[0] === 'y' ? [x, y] : [y, x];
    return [`${from.name} determines ${to.name}`];
  });
  if (found.length === 0) return undefined;
  return `${listed(found)}: mutual information is the entropy of the determined side.`;
}

/** For sides of numbers. */
function almostDetermined(cases: readonly WarningCase[]): string | undefined {
  const enough = cases.filter(({ answer }) => answer.facts.rows >= NEAR_DETERMINISTIC_ROWS);
  const alike = enough.filter(({ answer }) => {
    return answer.facts.largestCorrelation >= NEAR_DETERMINISTIC;
  });
  const unexplained = 1 - NEAR_DETERMINISTIC ** 2;
  const determined = enough.filter(
    (one) => !alike.includes(one) && one.answer.facts.leastUnexplainedShare <= unexplained,
  );
  const found: string[] = [];
  if (alike.length > 0) {
    const pairs = alike.map(({ x, y }) => `a column of ${x.name} and a column of ${y.name}`);
    const largest = Math.max(...alike.map(({ answer }) => answer.facts.largestCorrelation));
    found.push(
      `${listed(pairs)} order the rows almost identically (|correlation| of normal scores ${largest.toFixed(4)})`,
    );
  }
  if (determined.length > 0) {
    const pairs = determined.map(({ x, y }) => `one of ${x.name} and ${y.name}`);
    const least = Math.min(...determined.map(({ answer }) => answer.facts.leastUnexplainedShare));
    found.push(
      `${listed(pairs)} ${pairs.length === 1 ? 'has' : 'have'} a column that is almost a function of the other side (${(100 * least).toPrecision(2)} % of its variance is unexplained)`,
    );
  }
  if (found.length === 0) return undefined;
  const coarse = [...alike, ...determined].every(({ answer: { facts } }) => isCoarse(facts));
  const consequence = coarse
    ? 'mutual information is the entropy of the coarser one, and the estimate may be inaccurate.'
    : 'mutual information may be arbitrarily large; treat the estimate as a lower bound.';
  return `${capitalized(found.join('; '))}. If one determines the other, ${consequence}`;
}

function referenceModel({ kind, columns }: ModelTraits): EstimateWarning | undefined {
  if (kind !== 'mist-reference') return undefined;
  return {
    code: 'reference_model',
    message: `The published MIST network reads x and y as one row of up to ${columns} columns, without rescaling them. It cannot see where x ends (1 + 3 columns look like 2 + 2) or distinguish a column of zeros from no column, and its answer depends on units and on the order of columns. Quantiles that cross are sorted, and negative ones are set to 0.`,
  };
}

function noUncertainty(model: ModelTraits): EstimateWarning | undefined {
  if (!isPointModel(model)) return undefined;
  return {
    code: 'no_uncertainty',
    message:
      'This model gives one value without uncertainty; the interval and the quantiles only repeat that value.',
  };
}

/** Whether all columns have few values: rows of labels always repeat. */
function hasFewValues({ rows, x, y }: ModelAnswer['facts']): boolean {
  return [...x, ...y].every(
    ({ distinct }) => distinct <= FEW_VALUES && rows >= ROWS_PER_VALUE * distinct,
  );
}

/** Whether a side has only columns of few distinct values, which bounds mutual information. */
function isCoarse({ x, y }: ModelAnswer['facts']): boolean {
  return [x, y].some((side) => {
    return side.every(({ use, tiedPairs }) => use !== 'used' || tiedPairs > TIED_PAIRS);
  });
}

/** The number of columns in use. */
function used(side: readonly ColumnFacts[]): number {
  return side.filter(({ use }) => use === 'used').length;
}

/** Names of the columns to warn about, each once. */
function columnsOf(
  cases: readonly WarningCase[],
  picks: (column: ColumnFacts) => boolean,
): string[] {
  const names = new Set<string>();
  for (const { facts, columns } of sidesOf(cases)) {
    facts.forEach((column, c) => {
      if (picks(column)) names.add(columns[c] as string);
    });
  }
  return [...names];
}

/** Both sides of every case: the facts and names of their columns. */
function sidesOf(cases: readonly WarningCase[]) {
  return cases.flatMap(({ answer: { facts }, x, y }) => [
    { facts: facts.x, columns: x.columns },
    { facts: facts.y, columns: y.columns },
  ]);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
