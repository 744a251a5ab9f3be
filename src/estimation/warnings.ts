import type { Manifest } from '../inference/manifest.js';
import type { ColumnFacts, SampleFacts } from '../samples/checks.js';

export const WARNING_CODES = [
  'few_rows',
  'outside_trained_range',
  'ties',
  'constant_column',
  'redundant_column',
  'duplicate_rows',
  'near_deterministic',
] as const;

export interface Warning {
  readonly code: (typeof WARNING_CODES)[number];
  readonly message: string;
}

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

/** What a reader of the estimate should know about these samples, one warning a code at most. */
export function warningsFor(facts: SampleFacts, blocks: number, manifest: Manifest): Warning[] {
  const found = [
    fewRows(facts, manifest),
    outsideTrainedRange(facts, blocks, manifest),
    constantColumns(facts),
    redundantColumns(facts),
    ties(facts),
    duplicateRows(facts),
    nearDeterministic(facts),
  ];
  return found.filter((warning) => warning !== undefined);
}

function fewRows({ rows }: SampleFacts, { trained }: Manifest): Warning | undefined {
  const enough = Math.max(FEW_ROWS, trained.rows[0] as number);
  if (rows >= enough) return undefined;
  return {
    code: 'few_rows',
    message: `${rows} rows say little: the interval is wide, and below ${enough} rows it leans on what the model was trained on.`,
  };
}

function outsideTrainedRange(
  facts: SampleFacts,
  blocks: number,
  { trained }: Manifest,
): Warning | undefined {
  const sizes = [
    { name: 'rows', size: facts.rows, range: trained.rows },
    { name: 'dim_x', size: used(facts.x), range: trained.dim_x },
    { name: 'dim_y', size: used(facts.y), range: trained.dim_y },
  ];
  const outside = sizes
    .map(({ name, size, range: [low = 0, high = 0] }) =>
      size > 0 && (size < low || size > high)
        ? `${name} is ${size}, trained on ${low} to ${high}`
        : undefined,
    )
    .filter((text) => text !== undefined);
  if (outside.length === 0) return undefined;
  const how = blocks > 1 ? ` The rows were estimated in ${blocks} blocks and combined.` : '';
  return { code: 'outside_trained_range', message: `${outside.join('; ')}.${how}` };
}

function constantColumns(facts: SampleFacts): Warning | undefined {
  const constant = namesOf(facts, ({ use }) => use === 'constant');
  if (constant.length === 0) return undefined;
  const rest =
    used(facts.x) === 0 || used(facts.y) === 0
      ? 'a side without any other column shares no information: the answer is exactly 0.'
      : 'the estimate leaves them out.';
  return {
    code: 'constant_column',
    message: `${list(constant)} never changed, which carries no information; ${rest}`,
  };
}

function redundantColumns(facts: SampleFacts): Warning | undefined {
  const redundant = namesOf(facts, ({ use }) => use === 'redundant');
  if (redundant.length === 0) return undefined;
  return {
    code: 'redundant_column',
    message: `${list(redundant)} orders the rows exactly as an earlier column of the same side does, up to direction, and adds no information; the estimate leaves it out.`,
  };
}

function ties(facts: SampleFacts): Warning | undefined {
  const tied = namesOf(facts, ({ use, tiedPairs }) => use === 'used' && tiedPairs > TIED_PAIRS);
  if (tied.length === 0) return undefined;
  return {
    code: 'ties',
    message: `${list(tied)} repeats few values (over ${TIED_PAIRS * 100} % of row pairs tie); the model was trained on continuous columns, so the estimate may be off.`,
  };
}

function duplicateRows(facts: SampleFacts): Warning | undefined {
  const { repeatedRows, repeatExcess, rows } = facts;
  if (repeatedRows < REPEATED_ROWS * rows || repeatExcess < REPEAT_EXCESS) return undefined;
  return {
    code: 'duplicate_rows',
    message: `${repeatedRows} of ${rows} rows repeat an earlier row, more than ties of the columns explain; copies of observations make dependence look stronger and surer than it is.`,
  };
}

function nearDeterministic({ largestCorrelation, rows }: SampleFacts): Warning | undefined {
  if (largestCorrelation < NEAR_DETERMINISTIC || rows < NEAR_DETERMINISTIC_ROWS) return undefined;
  return {
    code: 'near_deterministic',
    message: `A column of x and a column of y order the rows almost alike (|correlation| of normal scores ${largestCorrelation.toFixed(4)}); if one determines the other, mutual information is unbounded and the estimate is a lower one.`,
  };
}

function used(side: readonly ColumnFacts[]): number {
  return side.filter(({ use }) => use === 'used').length;
}

/** Names such as "x column 0", counting from 0 as JSON pointers do. */
function namesOf(facts: SampleFacts, picks: (column: ColumnFacts) => boolean): string[] {
  const side = (name: string, columns: readonly ColumnFacts[]) =>
    columns.flatMap((column, c) => (picks(column) ? [`${name} column ${c}`] : []));
  return [...side('x', facts.x), ...side('y', facts.y)];
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
