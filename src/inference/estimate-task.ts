import {
  combined,
  type DiscretePart,
  discretePart,
  type QuestionSide,
} from '../discrete/answer.js';
import {
  columnUses,
  encodeColumns,
  inOrder,
  rankColumns,
  type Scores,
} from '../encoding/encode.js';
import type { ColumnRanks } from '../encoding/normal-scores.js';
import {
  type ModelAnswer,
  type Question,
  rearranged,
  type SampleGradient,
} from '../estimation/question.js';
import { columnOf, type Matrix, takeRows } from '../maths/matrix.js';
import { type JoinedSide, joinDummies, unjoined } from '../samples/dummies.js';
import { type SampleFacts, sampleFacts } from '../samples/facts.js';
import { completeSamples, type Samples } from '../samples/samples.js';
import { WorkCancelled } from '../samples/shuffle.js';
import { combineBlocks, splitIntoBlocks } from './blocks.js';
import type { Manifest } from './manifest.js';
import { plainValues } from './reference.js';
import { sampleGradient } from './sample-gradient.js';
import type { ModelSession, ScoredSamples } from './session.js';

export interface TaskResult {
  /** One answer per question, in the same order. */
  readonly answers: readonly ModelAnswer[];
  readonly encodeMs: number;
  readonly inferenceMs: number;
}

/**
 * Maximum scores (batch × rows × columns) per run; more would need more memory and save no time.
 */
export const CELLS_PER_RUN = 8_192;

/** Number of scores that two sides add to a run. */
export function cellsOf({ x, y }: Samples | ScoredSamples): number {
  return x.rows * (x.columns + y.columns);
}

/**
 * Ranks, scores and estimates the samples of questions with one model. Questions of the same shape
 * share runs.
 *
 * @param cancelled called before each run; a run itself cannot be interrupted.
 * @throws WorkCancelled
 */
export async function runTask(
  model: ModelSession,
  questions: readonly Question[],
  cancelled: () => boolean,
): Promise<TaskResult> {
  const { manifest } = model;
  const { blocks } = manifest;
  const start = performance.now();
  const encoder = new Encoder(manifest.encoding === 'normal-scores' ? joinDummies : unjoined);
  const runner = new BatchRunner(model, cancelled);
  const answers: Answer[] = [];
  let gradientMs = 0;
  for (const question of questions) {
    const complete = completeSamples(question);
    const joined = { x: encoder.join(complete.x), y: encoder.join(complete.y) };
    const samples = rearranged(question, { x: joined.x.matrix, y: joined.y.matrix }, cancelled);
    const [x, y] = [encoder.encode(samples.x), encoder.encode(samples.y)];
    const whole = { x: x.scores, y: y.scores };
    const blockRows = readsRowsAsSent(whole, manifest)
      ? [Int32Array.from({ length: whole.x.rows }, (_, r) => r)]
      : splitIntoBlocks(whole.x, whole.y, blocks.rows).filter(
          (_, b) => question.share === undefined || b % question.share.of === question.share.from,
        );
    const discrete = discreteOf(manifest, question, samples, x, y);
    const inputs = discrete?.weight === 1 ? [] : modelInputs(manifest, samples, whole, blockRows);
    const parts = new Array<Float64Array>(inputs.length);
    const sources = { x: joined.x.sources, y: joined.y.sources };
    const facts = sampleFacts({ x: x.ranks, y: y.ranks }, whole, sources);
    const shared = question.share !== undefined;
    const answer: Answer = { facts, parts, shared, ...(discrete && { discrete }) };
    answers.push(answer);
    for (const [b, input] of inputs.entries()) {
      await runner.add(input, (knots) => {
        parts[b] = knots;
      });
    }
    if (question.gradientTau !== undefined) {
      const began = performance.now();
      answer.gradient = await sampleGradient(
        model,
        joined,
        blockRows,
        question.gradientTau,
        cancelled,
      );
      gradientMs += performance.now() - began;
    }
  }
  await runner.finish();
  return {
    answers: answers.map(({ parts, shared, ...rest }) => ({
      knots: knotsOf(parts, manifest, rest.discrete),
      blocks: Math.max(1, parts.length),
      ...(shared ? { parts } : {}),
      ...rest,
    })),
    encodeMs: performance.now() - start - runner.inferenceMs - gradientMs,
    inferenceMs: runner.inferenceMs + gradientMs,
  };
}

/** The answer to one question while its blocks are estimated. */
interface Answer {
  readonly facts: SampleFacts;
  /** The knots of each block. */
  readonly parts: Float64Array[];
  readonly shared: boolean;
  readonly discrete?: DiscretePart;
  gradient?: SampleGradient;
}

/**
 * The quantiles of all blocks together, with what discrete columns add.
 *
 * @param parts the knots of each block; none where the discrete estimators answer alone.
 */
export function knotsOf(
  parts: readonly Float64Array[],
  { taus, blocks }: Manifest,
  discrete: DiscretePart | undefined,
): Float64Array<ArrayBuffer> {
  const model = combineBlocks(parts, taus.indexOf(0.5), blocks.spread_exponent);
  return discrete === undefined ? model : combined(model, discrete);
}

/** What discrete columns add to the answer of a model that reads scores. */
function discreteOf(
  { encoding, taus }: Manifest,
  { gradientTau, modelOnly }: Question,
  samples: Samples,
  x: EncodedMatrix,
  y: EncodedMatrix,
): DiscretePart | undefined {
  // A gradient is that of the model's own quantile.
  if (encoding !== 'normal-scores' || gradientTau !== undefined || modelOnly) return undefined;
  return discretePart(questionSide(samples.x, x), questionSide(samples.y, y), taus);
}

function questionSide(matrix: Matrix, { ranks }: EncodedMatrix): QuestionSide {
  const used = columnUses(ranks).flatMap((use, c) => (use === 'used' ? [c] : []));
  return {
    columns: used.map((c) => columnOf(matrix, c)),
    distinct: used.map((c) => (ranks[c] as ColumnRanks).distinct),
    nominal: matrix.nominal ?? false,
  };
}

/**
 * Whether the model reads all rows in one block and in the order sent. More rows are put in
 * canonical order, even if they fit into a single block.
 */
function readsRowsAsSent(whole: ScoredSamples, { blocks, reads_first }: Manifest): boolean {
  const { rows } = whole.x;
  return rows <= Math.min(blocks.rows, reads_first ?? rows) || !informative(whole);
}

/**
 * The model's input for each block: scores of its rows, ranked within the block, or plain values.
 */
function modelInputs(
  { encoding }: Manifest,
  samples: Samples,
  whole: ScoredSamples,
  blockRows: readonly Int32Array[],
): ScoredSamples[] {
  const encode = encoding === 'normal-scores' ? (m: Matrix) => encodeMatrix(m).scores : plainValues;
  return blockRows.map((rows) => {
    if (encoding === 'normal-scores' && rows.length === whole.x.rows) {
      return { x: inOrder(whole.x, rows), y: inOrder(whole.y, rows) };
    }
    return { x: encode(takeRows(samples.x, rows)), y: encode(takeRows(samples.y, rows)) };
  });
}

interface EncodedMatrix {
  readonly ranks: readonly ColumnRanks[];
  readonly scores: Scores;
}

/** Joins and encodes each matrix once, even if many questions share it. */
class Encoder {
  readonly #read: (matrix: Matrix) => JoinedSide;
  readonly #joined = new Map<Matrix, JoinedSide>();
  readonly #sides = new Map<Matrix, EncodedMatrix>();

  constructor(read: (matrix: Matrix) => JoinedSide) {
    this.#read = read;
  }

  join(matrix: Matrix): JoinedSide {
    const side = this.#joined.get(matrix) ?? this.#read(matrix);
    this.#joined.set(matrix, side);
    return side;
  }

  encode(matrix: Matrix): EncodedMatrix {
    const side = this.#sides.get(matrix) ?? encodeMatrix(matrix);
    this.#sides.set(matrix, side);
    return side;
  }
}

function encodeMatrix(matrix: Matrix): EncodedMatrix {
  const ranks = rankColumns(matrix);
  return { ranks, scores: encodeColumns(ranks, matrix.rows) };
}

interface Waiting {
  readonly input: ScoredSamples;
  readonly answer: (knots: Float64Array) => void;
}

/**
 * Collects inputs of one shape into batches and runs each batch when it is full. Shapes differ
 * between questions, between blocks if the rows do not divide evenly, and where a column is
 * constant.
 */
class BatchRunner {
  inferenceMs = 0;
  readonly #model: ModelSession;
  readonly #cancelled: () => boolean;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(model: ModelSession, cancelled: () => boolean) {
    this.#model = model;
    this.#cancelled = cancelled;
  }

  async add(input: ScoredSamples, answer: (knots: Float64Array) => void): Promise<void> {
    if (!informative(input)) {
      // If all columns of a side are constant, mutual information is exactly 0.
      answer(new Float64Array(this.#model.manifest.taus.length));
      return;
    }
    const shape = `${input.x.rows},${input.x.columns},${input.y.columns}`;
    const batch = this.#waiting.get(shape) ?? [];
    batch.push({ input, answer });
    this.#waiting.set(shape, batch);
    if ((batch.length + 1) * cellsOf(input) > CELLS_PER_RUN) {
      this.#waiting.delete(shape);
      await this.#run(batch);
    }
  }

  async finish(): Promise<void> {
    for (const batch of this.#waiting.values()) await this.#run(batch);
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    if (this.#cancelled()) throw new WorkCancelled();
    const start = performance.now();
    const knots = await this.#model.run(batch.map(({ input }) => input));
    this.inferenceMs += performance.now() - start;
    batch.forEach(({ answer }, b) => {
      answer(knots[b] as Float64Array);
    });
  }
}

/** Whether both sides have a column in use. */
function informative({ x, y }: ScoredSamples): boolean {
  return x.columns > 0 && y.columns > 0;
}
