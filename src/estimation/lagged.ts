import { MistdError } from '../errors.js';
import type { Matrix } from '../maths/matrix.js';
import { childSeeds } from '../maths/random.js';
import { past, window } from '../samples/lags.js';
import { MIN_ROWS, matricesOf, type NamedSide, type Samples } from '../samples/samples.js';
import type { Shuffle } from '../samples/shuffle.js';
import type { EstimateWarning } from '../warnings.js';
import { type ColumnLimit, chainRule, conditionalTest } from './conditional.js';
import {
  type BriefEstimate,
  type BriefOptions,
  brief,
  distributionOf,
  medianOf,
} from './estimate.js';
import { qValues } from './false-discovery.js';
import type { TestOptions } from './independence.js';
import type { ModelTraits } from './model.js';
import { NullDistribution } from './null-distribution.js';
import type { Ask, ModelAnswer, Question } from './question.js';
import type { PermutationTest } from './sequential-test.js';
import { serialDependence } from './serial-dependence.js';
import { warningsFor } from './warnings.js';

export interface LaggedOptions extends BriefOptions, TestOptions, ColumnLimit {
  /** Rows by which x leads y; negative where y leads. At least one. */
  readonly lags: readonly number[];
  /** Rows of the past that transfer entropy looks at. */
  readonly history: { readonly source: number; readonly target: number };
  /** Rows that a permutation keeps together; a default otherwise. */
  readonly blockLength: number | undefined;
}

export interface LagEstimate extends BriefEstimate {
  readonly lag: number;
  readonly p_value?: number;
  readonly q_value?: number;
}

export type TransferEntropy = BriefEstimate & Partial<PermutationTest>;

export interface Lagged {
  readonly lags: LagEstimate[];
  readonly best_lag: number;
  /** I of a series with itself so many rows before, for each size of a lag. */
  readonly auto: { readonly x: LagEstimate[]; readonly y: LagEstimate[] };
  readonly transfer_entropy: { readonly x_to_y: TransferEntropy; readonly y_to_x: TransferEntropy };
  readonly block_length: number;
  readonly warnings: EstimateWarning[];
}

/**
 * Mutual information of two series over a range of lags, of each with its own past, and transfer
 * entropy both ways.
 *
 * I(x[t − lag]; y[t]) is taken over the same rows t for every lag, so that lags compare. Transfer
 * entropy (Schreiber 2000) is conditional mutual information, I(now of the target; past of the
 * source | past of the target), by the same construction as `conditional`.
 *
 * p-values of lags permute blocks of rows of x, each block in its order: most of the dependence
 * within a series stays. All lags are compared with one null distribution. For those of transfer
 * entropy see `transferEntropy`.
 */
export async function lagged(
  ask: Ask,
  sides: { readonly x: NamedSide; readonly y: NamedSide },
  model: ModelTraits,
  options: LaggedOptions,
): Promise<Lagged> {
  const { x, y } = matricesOf(sides);
  checkRows(x.rows, options);
  checkColumns({ x, y }, options);
  const { lags, permutations } = options;
  const length = options.blockLength ?? Math.ceil(Math.sqrt(x.rows));
  const [lagSeed = 0, forthSeed = 0, backSeed = 0] = childSeeds(options.seed, 3);
  const blocks = (seed: number): Shuffle => ({ kind: 'blocks', seed, length });

  const cross = lagQuestions({ x, y }, lags);
  const sizes = [...new Set(lags.map(Math.abs))].filter((lag) => lag > 0).sort((a, b) => a - b);
  const autoX = lagQuestions({ x, y: x }, sizes);
  const autoY = lagQuestions({ x: y, y }, sizes);
  const [middle] = cross;
  const draws = childSeeds(lagSeed, permutations).map((seed) => ({
    ...(middle as Question),
    shuffle: blocks(seed),
  }));
  const answers = await ask([...cross, ...autoX, ...autoY, ...draws]);
  const take = (questions: readonly Question[]) => answers.splice(0, questions.length);
  const [ofLags, ofX, ofY, ofDraws] = [take(cross), take(autoX), take(autoY), take(draws)];
  const lagEstimates = (of: readonly ModelAnswer[], sizes: readonly number[]) =>
    of.map((answer, i) => ({
      lag: sizes[i] as number,
      ...brief(distributionOf(answer, model), options),
    }));
  const p = pValues(ofLags, ofDraws, model);
  const medians = ofLags.map((answer) => medianOf(answer, model));
  const te = (source: Matrix, target: Matrix, seed: number) =>
    transferEntropy(ask, source, target, model, { ...options, seed });
  return {
    lags: lagEstimates(ofLags, lags).map((lag, i) => ({ ...lag, ...p[i] })),
    best_lag: lags[medians.indexOf(Math.max(...medians))] as number,
    auto: { x: lagEstimates(ofX, sizes), y: lagEstimates(ofY, sizes) },
    transfer_entropy: { x_to_y: await te(x, y, forthSeed), y_to_x: await te(y, x, backSeed) },
    block_length: length,
    warnings: [
      ...warningsFor(
        ofLags.map((answer) => ({ answer, ...sides })),
        model,
      ),
      ...serialDependence(x, y),
    ],
  };
}

/** x[t − lag] with y[t], for the rows t that have all of the lags. */
function lagQuestions({ x, y }: Samples, lags: readonly number[]): Question[] {
  const { from, to } = commonRows(x.rows, lags);
  const now = window(y, from, to);
  return lags.map((lag) => ({ x: window(x, from - lag, to - lag), y: now }));
}

/** The lags and the history must leave enough rows, and a block at most half of them. */
function checkRows(rows: number, { lags, history, blockLength }: LaggedOptions): void {
  const { from, to } = commonRows(rows, lags);
  const parts = [
    { pointer: '/lags', left: to - from },
    { pointer: '/lags', left: rows - Math.max(...lags.map(Math.abs)) },
    { pointer: '/history', left: rows - Math.max(history.source, history.target) },
  ];
  for (const { pointer, left } of parts) {
    if (left >= MIN_ROWS) continue;
    throw new MistdError(
      'out_of_range',
      `Only ${Math.max(0, left)} of the ${rows} rows have all of ${pointer.slice(1)}.`,
      { pointer },
    );
  }
  if (blockLength !== undefined && 2 * blockLength > rows) {
    throw new MistdError(
      'out_of_range',
      `block_length is ${blockLength}, but two blocks must fit into the ${rows} rows.`,
      { pointer: '/block_length' },
    );
  }
}

/** The past of a series has the columns of the series once for each row of history. */
function checkColumns({ x, y }: Samples, { history, maxColumns }: LaggedOptions): void {
  const together = Math.max(x.columns, y.columns) * (history.source + history.target);
  if (together <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `The pasts of x and y have up to ${together} columns together; the limit is ${maxColumns}.`,
    { pointer: '/history' },
  );
}

/** The rows t for which t − lag exists for every lag: from ≤ t < to. */
function commonRows(rows: number, lags: readonly number[]): { from: number; to: number } {
  return { from: Math.max(0, ...lags), to: rows + Math.min(0, ...lags) };
}

function pValues(
  observed: readonly ModelAnswer[],
  draws: readonly ModelAnswer[],
  model: ModelTraits,
): { p_value: number; q_value: number }[] {
  if (draws.length === 0) return [];
  const null_ = new NullDistribution(draws.map((draw) => medianOf(draw, model)));
  const p = observed.map((answer) => null_.pValue(medianOf(answer, model)));
  const q = qValues(p);
  return p.map((p_value, i) => ({ p_value, q_value: q[i] as number }));
}

/**
 * Transfer entropy, and a test of whether it is 0: whether the target's present, given its own
 * past, has nothing to do with the source's past.
 *
 * The test exchanges the target's present among rows of similar past of the target. If there is no
 * transfer and the history is long enough, what is new in the present is drawn anew each time, so
 * such rows are exchangeable, and the source's past keeps its order and its tie with the target's
 * past. Orders of the source by blocks would break that tie; exchanging the source's past among
 * similar rows would break the order within the source, whose chance likeness to the target would
 * go with it.
 */
async function transferEntropy(
  ask: Ask,
  source: Matrix,
  target: Matrix,
  model: ModelTraits,
  options: LaggedOptions,
): Promise<TransferEntropy> {
  const { history } = options;
  const from = Math.max(history.source, history.target);
  const x = window(target, from, target.rows);
  const y = past(source, history.source, from);
  const z = past(target, history.target, from);
  const { information, statistic } = await chainRule(ask, { x, y, z }, model);
  const shuffleOf = (seed: number): Shuffle => ({ kind: 'neighbors', seed, z });
  return {
    ...brief(information, options),
    ...(await conditionalTest(ask, { x, y, z }, statistic, shuffleOf, model, options)),
  };
}
