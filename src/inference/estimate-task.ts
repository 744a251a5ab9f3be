import { encodeColumns, inOrder, rankColumns, type Scores } from '../encoding/encode.js';
import type { ColumnRanks } from '../encoding/normal-scores.js';
import {
  type ModelAnswer,
  type Question,
  rearranged,
  type SampleGradient,
} from '../estimation/question.js';
import { type Matrix, takeRows } from '../maths/matrix.js';
import { type JoinedSide, joinDummies, unjoined } from '../samples/dummies.js';
import { type SampleFacts, sampleFacts } from '../samples/facts.js';
import { completeSamples, type Samples } from '../samples/samples.js';
import { WorkCancelled } from '../samples/shuffle.js';
import { combineBlocks, dealBlocks } from './blocks.js';
import type { Manifest } from './manifest.js';
import { plainValues } from './reference.js';
import { sampleGradient } from './sample-gradient.js';
import type { ModelSession, ScoredSamples } from './session.js';

export interface TaskResult {
  /** One for each question, in their order. */
  readonly answers: readonly ModelAnswer[];
  readonly encodeMs: number;
  readonly inferenceMs: number;
}

/** Score cells (batch × rows × columns) of one run: twice as many take twice the memory and gain no time. */
export const CELLS_PER_RUN = 8_192;

/** Score cells that a pair of sides brings to a run. */
export function cellsOf({ x, y }: Samples | ScoredSamples): number {
  return x.rows * (x.columns + y.columns);
}

/**
 * Ranks, scores and estimates samples with one model: questions of one shape in one run, as many
 * as fit.
 *
 * @param cancelled asked before each run; the run itself cannot be interrupted.
 * @throws WorkCancelled
 */
export async function runTask(
  model: ModelSession,
  questions: readonly Question[],
  cancelled: () => boolean,
): Promise<TaskResult> {
  const { manifest } = model;
  const { taus, blocks } = manifest;
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
    const asTheyCome = inAnyOrder(whole, manifest);
    const dealt = asTheyCome
      ? [Int32Array.from({ length: whole.x.rows }, (_, r) => r)]
      : dealBlocks(whole.x, whole.y, blocks.rows).filter(
          (_, b) => question.share === undefined || b % question.share.of === question.share.from,
        );
    const pairs = modelPairs(manifest, samples, whole, dealt);
    const parts = new Array<Float64Array>(pairs.length);
    const sources = { x: joined.x.sources, y: joined.y.sources };
    const facts = sampleFacts({ x: x.ranks, y: y.ranks }, whole, sources);
    const answer: Answer = { facts, parts, shared: question.share !== undefined };
    answers.push(answer);
    for (const [b, pair] of pairs.entries()) {
      await runner.add(pair, (knots) => {
        parts[b] = knots;
      });
    }
    if (question.gradientTau !== undefined) {
      const began = performance.now();
      answer.gradient = await sampleGradient(model, joined, dealt, question.gradientTau, cancelled);
      gradientMs += performance.now() - began;
    }
  }
  await runner.finish();
  const median = taus.indexOf(0.5);
  return {
    answers: answers.map(({ parts, shared, ...rest }) => ({
      knots: combineBlocks(parts, median, blocks.spread_exponent),
      blocks: parts.length,
      ...(shared ? { parts } : {}),
      ...rest,
    })),
    encodeMs: performance.now() - start - runner.inferenceMs - gradientMs,
    inferenceMs: runner.inferenceMs + gradientMs,
  };
}

/** What is known of one question so far. */
interface Answer {
  readonly facts: SampleFacts;
  /** The knots of each block. */
  readonly parts: Float64Array[];
  readonly shared: boolean;
  gradient?: SampleGradient;
}

/**
 * Whether the model takes the rows at once and as they come. Beyond the rows up to which it does,
 * they are put in canonical order, even into a single block.
 */
function inAnyOrder(whole: ScoredSamples, { blocks, reads_first }: Manifest): boolean {
  const { rows } = whole.x;
  return rows <= Math.min(blocks.rows, reads_first ?? rows) || !informative(whole);
}

/** What the model reads of each block: scores of its rows, ranked among themselves, or values. */
function modelPairs(
  { encoding }: Manifest,
  samples: Samples,
  whole: ScoredSamples,
  dealt: readonly Int32Array[],
): ScoredSamples[] {
  const encode = encoding === 'normal-scores' ? (m: Matrix) => encodeMatrix(m).scores : plainValues;
  return dealt.map((rows) => {
    if (encoding === 'normal-scores' && rows.length === whole.x.rows) {
      return { x: inOrder(whole.x, rows), y: inOrder(whole.y, rows) };
    }
    return { x: encode(takeRows(samples.x, rows)), y: encode(takeRows(samples.y, rows)) };
  });
}

interface EncodedSide {
  readonly ranks: readonly ColumnRanks[];
  readonly scores: Scores;
}

/** Reads each matrix once, however many questions it is part of. */
class Encoder {
  readonly #read: (matrix: Matrix) => JoinedSide;
  readonly #joined = new Map<Matrix, JoinedSide>();
  readonly #sides = new Map<Matrix, EncodedSide>();

  constructor(read: (matrix: Matrix) => JoinedSide) {
    this.#read = read;
  }

  join(matrix: Matrix): JoinedSide {
    const side = this.#joined.get(matrix) ?? this.#read(matrix);
    this.#joined.set(matrix, side);
    return side;
  }

  encode(matrix: Matrix): EncodedSide {
    const side = this.#sides.get(matrix) ?? encodeMatrix(matrix);
    this.#sides.set(matrix, side);
    return side;
  }
}

function encodeMatrix(matrix: Matrix): EncodedSide {
  const ranks = rankColumns(matrix);
  return { ranks, scores: encodeColumns(ranks, matrix.rows) };
}

interface Waiting {
  readonly pair: ScoredSamples;
  readonly answer: (knots: Float64Array) => void;
}

/**
 * Gathers pairs of one shape into batches and runs each batch when it is full. Shapes differ when
 * questions do, when the rows do not divide evenly into blocks, or where a column is constant.
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

  async add(pair: ScoredSamples, answer: (knots: Float64Array) => void): Promise<void> {
    if (!informative(pair)) {
      // A side without a varying column shares no information with anything: exactly 0.
      answer(new Float64Array(this.#model.manifest.taus.length));
      return;
    }
    const shape = `${pair.x.rows},${pair.x.columns},${pair.y.columns}`;
    const batch = this.#waiting.get(shape) ?? [];
    batch.push({ pair, answer });
    this.#waiting.set(shape, batch);
    if ((batch.length + 1) * cellsOf(pair) > CELLS_PER_RUN) {
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
    const knots = await this.#model.run(batch.map(({ pair }) => pair));
    this.inferenceMs += performance.now() - start;
    batch.forEach(({ answer }, b) => {
      answer(knots[b] as Float64Array);
    });
  }
}

function informative(pair: ScoredSamples): boolean {
  return pair.x.columns > 0 && pair.y.columns > 0;
}
