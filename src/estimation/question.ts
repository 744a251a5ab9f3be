import type { DiscretePart } from '../discrete/answer.js';
import { columnOf, type Matrix, takeRows } from '../maths/matrix.js';
import { childSeeds, random } from '../maths/random.js';
import type { SampleFacts } from '../samples/facts.js';
import type { Samples } from '../samples/samples.js';
import { type Shuffle, shuffledRows } from '../samples/shuffle.js';

/**
 * A question to a model: the mutual information of x and y. Questions of a task may share matrices;
 * each matrix is then sent, ranked and scored once.
 */
export interface Question extends Samples {
  /** Reorders the rows of x, which gives a draw from the null distribution of independence. */
  readonly shuffle?: Shuffle;
  /** Which of the blocks that many rows are split into to estimate: every `of`-th, from `from`. */
  readonly share?: { readonly from: number; readonly of: number };
  /** The quantile, in (0, 1), to differentiate with respect to the samples. */
  readonly gradientTau?: number;
  /** Whether the model answers alone, even where an estimator for discrete columns would do better. */
  readonly modelOnly?: boolean;
  /** Seeds for putting equal values of a side in random order, so that its columns have no ties. */
  readonly breakTies?: { readonly x: number | undefined; readonly y: number | undefined };
}

/**
 * Breaks ties and reorders rows of samples as a question says.
 *
 * @param samples the question's, without missing values.
 * @param cancelled called during long work, which ends with WorkCancelled once it returns true.
 * @throws WorkCancelled
 */
export function rearranged(
  { shuffle, breakTies }: Question,
  { x, y }: Samples,
  cancelled: () => boolean,
): Samples {
  const untied = { x: withoutTies(x, breakTies?.x), y: withoutTies(y, breakTies?.y) };
  if (shuffle === undefined) return untied;
  return { x: takeRows(untied.x, shuffledRows(shuffle, x.rows, cancelled)), y: untied.y };
}

/**
 * Replaces each column by ranks 0 … rows − 1, with equal values in random order. An independent
 * random order within ties neither adds nor removes dependence on anything else. Without a seed,
 * the matrix is returned unchanged.
 */
function withoutTies(matrix: Matrix, seed: number | undefined): Matrix {
  if (seed === undefined) return matrix;
  const { rows, columns } = matrix;
  const values = new Float64Array(rows * columns);
  childSeeds(seed, columns).forEach((columnSeed, c) => {
    const column = columnOf(matrix, c);
    const { uniform } = random(columnSeed);
    const keys = Float64Array.from({ length: rows }, uniform);
    const order = Uint32Array.from({ length: rows }, (_, r) => r).sort(
      (a, b) =>
        (column[a] as number) - (column[b] as number) || (keys[a] as number) - (keys[b] as number),
    );
    order.forEach((r, rank) => {
      values[c * rows + r] = rank;
    });
  });
  return { rows, columns, values };
}

/** d Q(tau) / d samples, in nats per unit of each sent column; column-major like the samples. */
export interface SampleGradient {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** The model's answer to one question, with facts about its samples. */
export interface ModelAnswer {
  /** Quantiles at the model's taus, in nats, shape [taus]. */
  readonly knots: Float64Array<ArrayBuffer>;
  readonly facts: SampleFacts;
  /** Number of blocks that the rows were split into; 1 within the trained range. */
  readonly blocks: number;
  /** The knots of each block, if the question asked for a share of the blocks. */
  readonly parts?: readonly Float64Array[];
  /** What discrete columns add to the model's answer; the knots include it. */
  readonly discrete?: DiscretePart;
  /** Derivative of the quantile at `gradientTau`, if the question has one. */
  readonly gradient?: SampleGradient;
}

/** Puts questions to one model; the answers are in the order of the questions. */
export type Ask = (questions: readonly Question[]) => Promise<ModelAnswer[]>;
