import type { ColumnFacts } from '../samples/facts.js';
import type { Prepared } from '../samples/prepare.js';
import type { NamedSide } from '../samples/samples.js';
import { type EstimateWarning, listed } from '../warnings.js';
import { isPointModel, type ModelTraits } from './model.js';
import type { ComparedOpinion } from './opinion.js';
import type { ModelAnswer } from './question.js';
import type { Unit } from './units.js';

/** An estimate to warn about, and how to call what it is of. */
export interface WarningCase {
  readonly answer: Pick<ModelAnswer, 'facts' | 'blocks'>;
  readonly x: SideName;
  readonly y: SideName;
}

export type SideName = Pick<NamedSide, 'name' | 'columns'>;

/** Below this, a 90 % interval of independent columns is wider than most answers. */
const FEW_ROWS = 30;
/** As in a column of 20 equally frequent values. */
const TIED_PAIRS = 0.05;
const REPEATED_ROWS = 0.01;
/** Dependence itself repeats rows of coarse columns, but not this much more often. */
const REPEAT_EXCESS = 4;
/** 3.1 nats between normal columns: beyond, the answer hangs on a few rows. */
const NEAR_DETERMINISTIC = 0.999;
/** Fewer rows reach such a correlation by chance. */
const NEAR_DETERMINISTIC_ROWS = 10;

/** A side whose columns go by their number, counting from 0 as JSON pointers do. */
export function numberedSide(name: string, columns: number): SideName {
  return { name, columns: Array.from({ length: columns }, (_, c) => `${name} column ${c}`) };
}

/**
 * What a reader of the estimates should know about their samples, one warning a code at most.
 *
 * @param cases estimates of the same rows.
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

/** For samples of which rows with missing values were left out. */
export function rowsDropped({
  dropped,
  rows,
}: Pick<Prepared, 'dropped' | 'rows'>): EstimateWarning[] {
  if (dropped === 0) return [];
  return [droppedWarning(`${dropped} of ${rows + dropped} rows have a missing value`)];
}

/**
 * For estimates that each left out the rows that miss one of its own values.
 *
 * @param used rows of each estimate.
 */
export function rowsDroppedApart(rows: number, used: readonly number[]): EstimateWarning[] {
  const least = Math.min(...used);
  if (least === rows) return [];
  return [droppedWarning(`Up to ${rows - least} of ${rows} rows of an estimate miss a value`)];
}

function droppedWarning(which: string): EstimateWarning {
  return {
    code: 'rows_dropped',
    message: `${which} and were left out; if values are missing for reasons that have to do with them, the rest does not speak for the whole.`,
  };
}

/** For a second opinion that the model's distribution has no room for. */
export function classicalDisagrees(
  { method, rows, estimate, standard_error }: ComparedOpinion,
  unit: Unit,
): EstimateWarning {
  return {
    code: 'classical_disagrees',
    message: `${method} on ${rows} rows estimates ${estimate.toPrecision(3)} ± ${standard_error.toPrecision(3)} ${unit}, which is outside what the model considers possible. Plot the data, and compare more methods with /estimate/classical.`,
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
    message: `${rows} rows say little: the interval is wide, and below ${enough} rows it leans on what the model was trained on.`,
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
        outside.add(`${name} is ${size}, trained on ${low} to ${high}`);
      }
    }
  }
  if (outside.size === 0) return undefined;
  const blocks = Math.max(...cases.map(({ answer }) => answer.blocks));
  const how = blocks > 1 ? ` The rows were estimated in ${blocks} blocks and combined.` : '';
  return { code: 'outside_trained_range', message: `${[...outside].join('; ')}.${how}` };
}

function constantColumns(cases: readonly WarningCase[]): EstimateWarning | undefined {
  const constant = columnsOf(cases, ({ use }) => use === 'constant');
  if (constant.length === 0) return undefined;
  const alone = cases.some(({ answer: { facts } }) => used(facts.x) === 0 || used(facts.y) === 0);
  const rest = alone
    ? 'a side without any other column shares no information: the answer is exactly 0.'
    : 'the estimate leaves them out.';
  return {
    code: 'constant_column',
    message: `${listed(constant)} never changed, which carries no information; ${rest}`,
  };
}

function redundantColumns(cases: readonly WarningCase[]): EstimateWarning | undefined {
  const redundant = columnsOf(cases, ({ use }) => use === 'redundant');
  if (redundant.length === 0) return undefined;
  return {
    code: 'redundant_column',
    message: `${listed(redundant)} orders the rows exactly as an earlier column of the same side does, up to direction, and adds no information; the estimate leaves it out.`,
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
    message: `${[...groups].map((names) => `(${names})`).join(', ')}: one label a row (dummies, one-hot), each read as one column of labels, which says the same.`,
  };
}

function ties(cases: readonly WarningCase[]): EstimateWarning | undefined {
  const tied = columnsOf(cases, ({ use, tiedPairs }) => use === 'used' && tiedPairs > TIED_PAIRS);
  if (tied.length === 0) return undefined;
  return {
    code: 'ties',
    message: `${listed(tied)} repeats few values (over ${TIED_PAIRS * 100} % of row pairs tie). In many such columns the interval may be too narrow.`,
  };
}

function duplicateRows(cases: readonly WarningCase[]): EstimateWarning | undefined {
  // Of several estimates, the one that would be hardest to explain otherwise.
  const [most] = cases
    .filter(({ answer: { facts } }) => facts.repeatedRows >= REPEATED_ROWS * facts.rows)
    .sort((a, b) => b.answer.facts.repeatExcess - a.answer.facts.repeatExcess);
  if (most === undefined || most.answer.facts.repeatExcess < REPEAT_EXCESS) return undefined;
  const { repeatedRows, rows } = most.answer.facts;
  const of = cases.length > 1 ? ` of ${most.x.name} and ${most.y.name}` : '';
  return {
    code: 'duplicate_rows',
    message: `${repeatedRows} of ${rows} rows${of} repeat an earlier row, more than ties of the columns explain; copies of observations make dependence look stronger and surer than it is.`,
  };
}

/** For samples in which a column of one side all but tells one of the other. */
export function nearDeterministic(cases: readonly WarningCase[]): EstimateWarning[] {
  const enough = cases.filter(({ answer }) => answer.facts.rows >= NEAR_DETERMINISTIC_ROWS);
  const alike = enough.filter(({ answer }) => {
    return answer.facts.largestCorrelation >= NEAR_DETERMINISTIC;
  });
  const open = 1 - NEAR_DETERMINISTIC ** 2;
  const determined = enough.filter(
    (one) => !alike.includes(one) && one.answer.facts.leastOpenShare <= open,
  );
  const found: string[] = [];
  if (alike.length > 0) {
    const pairs = alike.map(({ x, y }) => `a column of ${x.name} and a column of ${y.name}`);
    const largest = Math.max(...alike.map(({ answer }) => answer.facts.largestCorrelation));
    found.push(
      `${listed(pairs)} order the rows almost alike (|correlation| of normal scores ${largest.toFixed(4)})`,
    );
  }
  if (determined.length > 0) {
    const pairs = determined.map(({ x, y }) => `one of ${x.name} and ${y.name}`);
    const least = Math.min(...determined.map(({ answer }) => answer.facts.leastOpenShare));
    found.push(
      `${listed(pairs)} is nearly a function of the other (${(100 * least).toPrecision(2)} % of the variance of a column is left open)`,
    );
  }
  if (found.length === 0) return [];
  const coarse = [...alike, ...determined].every(({ answer: { facts } }) => isCoarse(facts));
  const consequence = coarse
    ? 'mutual information is the entropy of the coarser one, and the estimate may be off.'
    : 'mutual information is unbounded and the estimate is a lower one.';
  return [
    {
      code: 'near_deterministic',
      message: `${capitalized(found.join('; '))}; if one determines the other, ${consequence}`,
    },
  ];
}

function referenceModel({ kind, columns }: ModelTraits): EstimateWarning | undefined {
  if (kind !== 'mist-reference') return undefined;
  return {
    code: 'reference_model',
    message: `The published MIST network reads x and y as one row of up to ${columns} columns, as they are: it cannot tell where x ends (1 + 3 columns look like 2 + 2), nor a column of zeros from none, and its answer changes with units and with the order of columns. Its quantiles are sorted where they cross and cut at 0.`,
  };
}

function noUncertainty(model: ModelTraits): EstimateWarning | undefined {
  if (!isPointModel(model)) return undefined;
  return {
    code: 'no_uncertainty',
    message:
      'This model gives one value and not how sure it is: the interval and the quantiles only repeat that value.',
  };
}

/** Whether a side has columns of few values alone, which bounds what it can share. */
function isCoarse({ x, y }: ModelAnswer['facts']): boolean {
  return [x, y].some((side) => {
    return side.every(({ use, tiedPairs }) => use !== 'used' || tiedPairs > TIED_PAIRS);
  });
}

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

/** Both sides of every case: what is known of their columns, and what these are called. */
function sidesOf(cases: readonly WarningCase[]) {
  return cases.flatMap(({ answer: { facts }, x, y }) => [
    { facts: facts.x, columns: x.columns },
    { facts: facts.y, columns: y.columns },
  ]);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
