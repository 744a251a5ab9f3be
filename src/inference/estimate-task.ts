import { encodeColumns, rankColumns, type Scores } from '../encoding/encode.js';
import { type SampleFacts, sampleFacts } from '../samples/checks.js';
import type { Matrix, Samples } from '../samples/samples.js';
import { combineBlocks, dealBlocks } from './blocks.js';
import type { ModelSession, ScoredPair } from './session.js';

/** What a thread makes of samples: the model's quantiles and what the samples are like. */
export interface EstimateResult {
  /** Quantiles at the manifest's taus, in nats, shape [taus]. */
  readonly knots: Float64Array<ArrayBuffer>;
  readonly facts: SampleFacts;
  /** Blocks that the rows were dealt into; 1 within the trained range. */
  readonly blocks: number;
  readonly encodeMs: number;
  readonly inferenceMs: number;
}

/** Thrown between two runs of a task that nobody waits for any more. */
export class TaskCancelled extends Error {}

/** Score cells (batch × rows × columns) of one run: bounds the memory that a run takes. */
const CELLS_PER_RUN = 65_536;

/**
 * Ranks, scores and estimates samples with one model.
 *
 * @param cancelled asked before each run; the run itself cannot be interrupted.
 */
export async function estimateKnots(
  model: ModelSession,
  samples: Samples,
  cancelled: () => boolean,
): Promise<EstimateResult> {
  const { taus, blocks } = model.manifest;
  const start = performance.now();
  const { rows } = samples.x;
  const ranks = { x: rankColumns(samples.x), y: rankColumns(samples.y) };
  const whole = { x: encodeColumns(ranks.x, rows), y: encodeColumns(ranks.y, rows) };
  const facts = sampleFacts(ranks, whole);

  const split = rows > blocks.rows && informative(whole);
  const dealt = split ? dealBlocks(whole.x, whole.y, blocks.rows) : [];
  const runner = new BatchRunner(model, cancelled);
  if (!split) await runner.add(whole);
  for (const block of dealt) {
    await runner.add({ x: encodeRows(samples.x, block), y: encodeRows(samples.y, block) });
  }
  const knots = combineBlocks(await runner.finish(), taus.indexOf(0.5), blocks.spread_exponent);
  return {
    knots,
    facts,
    blocks: Math.max(1, dealt.length),
    encodeMs: performance.now() - start - runner.inferenceMs,
    inferenceMs: runner.inferenceMs,
  };
}

/**
 * Gathers pairs of one shape into batches and runs each batch when it is full. The shapes of
 * blocks differ when their rows do not divide evenly, or a column is constant within a block.
 */
class BatchRunner {
  inferenceMs = 0;
  readonly #model: ModelSession;
  readonly #cancelled: () => boolean;
  readonly #waiting = new Map<string, ScoredPair[]>();
  readonly #knots: Float64Array[] = [];

  constructor(model: ModelSession, cancelled: () => boolean) {
    this.#model = model;
    this.#cancelled = cancelled;
  }

  async add(pair: ScoredPair): Promise<void> {
    if (!informative(pair)) {
      // A side without a varying column shares no information with anything: exactly 0.
      this.#knots.push(new Float64Array(this.#model.manifest.taus.length));
      return;
    }
    const shape = `${pair.x.rows},${pair.x.columns},${pair.y.columns}`;
    const batch = this.#waiting.get(shape) ?? [];
    batch.push(pair);
    this.#waiting.set(shape, batch);
    const cells = pair.x.rows * (pair.x.columns + pair.y.columns);
    if ((batch.length + 1) * cells > CELLS_PER_RUN) {
      this.#waiting.delete(shape);
      await this.#run(batch);
    }
  }

  async finish(): Promise<Float64Array[]> {
    for (const batch of this.#waiting.values()) await this.#run(batch);
    return this.#knots;
  }

  async #run(batch: ScoredPair[]): Promise<void> {
    if (this.#cancelled()) throw new TaskCancelled();
    const start = performance.now();
    this.#knots.push(...(await this.#model.run(batch)));
    this.inferenceMs += performance.now() - start;
  }
}

function informative(pair: ScoredPair): boolean {
  return pair.x.columns > 0 && pair.y.columns > 0;
}

/** Scores of some rows of a side, ranked among themselves. */
function encodeRows(matrix: Matrix, rows: Int32Array): Scores {
  const values = new Float64Array(rows.length * matrix.columns);
  for (let c = 0; c < matrix.columns; c++) {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      values[c * rows.length + i] = matrix.values[c * matrix.rows + row] as number;
    }
  }
  const part: Matrix = { rows: rows.length, columns: matrix.columns, values };
  return encodeColumns(rankColumns(part), rows.length);
}
