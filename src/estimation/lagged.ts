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
  statisticOf,
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
  /** Numbers of rows by which x leads y; negative if y leads. At least one lag. */
  readonly lags: readonly number[];
  /** Number of past rows that transfer entropy uses. */
  readonly history: { readonly source: number; readonly target: number };
  /** Rows that a permutation keeps together; default: √rows, rounded up. */
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
  /** Mutual information of each series with its own past, for each absolute lag. */
  readonly auto: { readonly x: LagEstimate[]; readonly y: LagEstimate[] };
  readonly transfer_entropy: { readonly x_to_y: TransferEntropy; readonly y_to_x: TransferEntropy };
  readonly block_length: number;
  readonly warnings: EstimateWarning[];
}

/**
 * Mutual information of two series over a range of lags and of each series with its own past, and
 * transfer entropy in both directions.
 *
 * I(x[t − lag]; y[t]) uses the same rows t for every lag, so that lags are comparable. Transfer
 * entropy (Schreiber 2000) is the conditional mutual information I(present of the target; past of
 * the source | past of the target), computed as in `conditional`.
 *
 * The p-values of lags come from permuting blocks of rows of x. The order within each block is
 * kept, so most of the dependence within the series remains. All lags share one null distribution.
 * For the p-values of transfer entropy see `transferEntropy`.
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
  const [lagSeed = 0, forwardSeed = 0, backwardSeed = 0] = childSeeds(options.seed, 3);
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
    transfer_entropy: {
      x_to_y: await te(x, y, forwardSeed),
      y_to_x: await te(y, x, backwardSeed),
    },
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

/** x[t − lag] with y[t], for the rows t that exist at every lag. */
function lagQuestions({ x, y }: Samples, lags: readonly number[]): Question[] {
  const { from, to } = commonRows(x.rows, lags);
  const now = window(y, from, to);
  return lags.map((lag) => ({ x: window(x, from - lag, to - lag), y: now }));
}

/** Checks that lags and history leave enough rows and that a block has at most half of the rows. */
function checkRows(rows: number, { lags, history, blockLength }: LaggedOptions): void {
  const { from, to } = commonRows(rows, lags);
  const parts = [
    { pointer: '/lags', cause: 'these lags', left: to - from },
    { pointer: '/lags', cause: 'these lags', left: rows - Math.max(...lags.map(Math.abs)) },
    {
      pointer: '/history',
      cause: 'this history',
      left: rows - Math.max(history.source, history.target),
    },
  ];
  for (const { pointer, cause, left } of parts) {
    if (left >= MIN_ROWS) continue;
    throw new MistdError(
      'out_of_range',
      `With ${cause}, ${Math.max(0, left)} of ${rows} rows can be used; at least ${MIN_ROWS} are needed.`,
      { pointer },
    );
  }
  if (blockLength !== undefined && 2 * blockLength > rows) {
    throw new MistdError(
      'out_of_range',
      `block_length is ${blockLength}; with ${rows} rows it may be at most ${Math.floor(rows / 2)}.`,
      { pointer: '/block_length' },
    );
  }
}

/** Checks the columns of the pasts, which repeat a series' columns for each row of history. */
function checkColumns({ x, y }: Samples, { history, maxColumns }: LaggedOptions): void {
  const together = Math.max(x.columns, y.columns) * (history.source + history.target);
  if (together <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `The histories of x and y have up to ${together} columns together; the limit is ${maxColumns}.`,
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
  const nullDistribution = new NullDistribution(draws.map((draw) => statisticOf(draw, model)));
  const p = observed.map((answer) => nullDistribution.pValue(statisticOf(answer, model)));
  const q = qValues(p);
  return p.map((p_value, i) => ({ p_value, q_value: q[i] as number }));
}

/**
 * Transfer entropy, and a test of whether it is 0: whether the target's present is independent of
 * the source's past, given the target's own past.
 *
 * The test exchanges the target's present among rows with a similar past of the target. If there is
 * no transfer and the history is long enough, the new part of the present is independent at each
 * time, so such rows are exchangeable; the source's past keeps its order and its dependence on the
 * target's past. Permuting blocks of the source would break that dependence. Exchanging the
 * source's past among similar rows would break the order within the source, and with it chance
 * similarities to the target.
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
