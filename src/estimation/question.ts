import { columnOf, type Matrix, takeRows } from '../maths/matrix.js';
import { childSeeds, random } from '../maths/random.js';
import type { SampleFacts } from '../samples/facts.js';
import type { Samples } from '../samples/samples.js';
import { type Shuffle, shuffledRows } from '../samples/shuffle.js';

/**
 * One estimate to make. Questions of a task may share their matrices: each is then sent, ranked
 * and scored once.
 */
export interface Question extends Samples {
  /** Reorders the rows of x: a draw from what would be if x did not depend on y. */
  readonly shuffle?: Shuffle;
  /** Of the blocks that many rows are dealt into, which to estimate: every `of`-th, from this one. */
  readonly share?: { readonly from: number; readonly of: number };
  /** Asks for the derivative of this quantile with respect to the samples; in (0, 1). */
  readonly gradientTau?: number;
  /** Seeds to order equal values of a side at random by, which leaves its columns without ties. */
  readonly breakTies?: { readonly x: number | undefined; readonly y: number | undefined };
}

/**
 * Samples with their ties broken and their rows reordered as a question asks.
 *
 * @param samples the question's, without missing values.
 * @param cancelled asked during long work; true makes it throw.
 */
export function rearranged(
  { shuffle, breakTies }: Question,
  { x, y }: Samples,
  cancelled: () => boolean,
): Samples {
  const apart = { x: withoutTies(x, breakTies?.x), y: withoutTies(y, breakTies?.y) };
  if (shuffle === undefined) return apart;
  return { x: takeRows(apart.x, shuffledRows(shuffle, x.rows, cancelled)), y: apart.y };
}

/**
 * Each column as ranks 0 … rows − 1, equal values in random order. An independent random order
 * within ties neither adds nor removes dependence on anything else. As it is without a seed.
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

/** d Q(tau) / d samples, in nats per unit of each column as sent; column-major as the samples. */
export interface SampleGradient {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** What the model says of one question, and what its samples are like. */
export interface ModelAnswer {
  /** Quantiles at the model's taus, in nats, shape [taus]. */
  readonly knots: Float64Array<ArrayBuffer>;
  readonly facts: SampleFacts;
  /** Blocks that the rows were dealt into; 1 within the trained range. */
  readonly blocks: number;
  /** The knots of each block, where the question asked for a share of them. */
  readonly parts?: readonly Float64Array[];
  /** Of the quantile that the question asks the derivative of. */
  readonly gradient?: SampleGradient;
}

/** Estimates questions with one model, in their order. */
export type Ask = (questions: readonly Question[]) => Promise<ModelAnswer[]>;
