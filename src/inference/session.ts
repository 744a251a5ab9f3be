import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Scores } from '../encoding/encode.js';
import { isPointModel } from '../estimation/model.js';
import { normalQuantile } from '../maths/normal.js';
import type { Manifest } from './manifest.js';
import { paddedRows, referenceKnots } from './reference.js';

/** A pair of sides of the same rows, ready for the model. */
export interface ScoredSamples {
  readonly x: Scores;
  readonly y: Scores;
}

/** Derivatives with respect to the scores of both sides, [rows, columns] column by column. */
export interface ScoreGradient {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** How every session is set up; the bench runs bare sessions in the same way. */
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  // The pool has a thread a core; more threads inside a run would compete with it.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // Keeps the memory of the largest run (CELLS_PER_RUN bounds it) for the next one: without it,
  // fresh pages make a run of 500 rows some 1.5 times slower.
  enableCpuMemArena: true,
};

/** One ONNX session of one model. Runs are synchronous inside: keep it in a worker thread. */
export class ModelSession {
  readonly manifest: Manifest;
  readonly #session: InferenceSession;
  readonly #gradientBytes: Uint8Array | undefined;
  #gradient: Promise<InferenceSession> | undefined;

  private constructor(
    manifest: Manifest,
    session: InferenceSession,
    gradientBytes: Uint8Array | undefined,
  ) {
    this.manifest = manifest;
    this.#session = session;
    this.#gradientBytes = gradientBytes;
  }

  /** @param gradient its gradient.onnx; without it the session cannot give gradients. */
  static async open(
    manifest: Manifest,
    bytes: Uint8Array,
    gradient?: Uint8Array,
  ): Promise<ModelSession> {
    const session = await InferenceSession.create(bytes, SESSION_OPTIONS);
    return new ModelSession(manifest, session, gradient);
  }

  /**
   * Quantiles of each pair of a batch.
   *
   * @param batch pairs of one shape: the same rows, dim_x and dim_y in each.
   * @returns shape [batch][taus], in nats, ascending, at least 0.
   * @throws Error when the model's output is not that.
   */
  async run(batch: readonly ScoredSamples[]): Promise<Float64Array[]> {
    const { output, taus, kind } = this.manifest;
    const results = await this.#session.run(this.#feeds(batch), [output]);
    const { data, dims } = results[output] as Tensor;
    const answers = isPointModel(this.manifest) ? 1 : taus.length;
    if (!(data instanceof Float32Array) || data.length !== batch.length * answers) {
      throw new Error(`output ${output} has shape [${dims}], not [${batch.length},${answers}]`);
    }
    return batch.map((_, b) => {
      const own = data.subarray(b * answers, (b + 1) * answers);
      const knots =
        kind === 'mist-reference' ? referenceKnots(own, taus.length) : Float64Array.from(own);
      checkKnots(knots);
      return knots;
    });
  }

  /**
   * The derivative of Q(tau) with respect to the scores of a pair, for each tau.
   *
   * @returns for each tau the derivatives of both sides, in nats, shape [rows, columns] column by
   *   column as the scores.
   * @throws Error when the model has no gradient.onnx, or its output is not that.
   */
  async gradients({ x, y }: ScoredSamples, taus: readonly number[]): Promise<ScoreGradient[]> {
    const session = await this.#openGradient();
    const results = await session.run({
      scores_x: toTensor(taus.map(() => x)),
      scores_y: toTensor(taus.map(() => y)),
      tau: new Tensor('float32', Float32Array.from(taus), [taus.length]),
    });
    const sides = { x: results.gradient_x as Tensor, y: results.gradient_y as Tensor };
    return taus.map((_, b) => ({
      x: fromTensor(sides.x, b, x),
      y: fromTensor(sides.y, b, y),
    }));
  }

  /** Not before it is asked for: to open it takes several times as long as the model itself. */
  #openGradient(): Promise<InferenceSession> {
    if (this.#gradientBytes === undefined) throw new Error('the model has no gradient.onnx');
    this.#gradient ??= InferenceSession.create(this.#gradientBytes, SESSION_OPTIONS);
    return this.#gradient;
  }

  #feeds(batch: readonly ScoredSamples[]): Record<string, Tensor> {
    const { kind, inputs, columns, taus } = this.manifest;
    const [first, second] = inputs as [string, string | undefined];
    const feeds: Record<string, Tensor> = {};
    if (kind === 'mist-reference') {
      const width = columns as number;
      const dims = [batch.length, batch[0]?.x.rows ?? 0, width];
      feeds[first] = new Tensor('float32', paddedRows(width, batch), dims);
      if (second !== undefined) {
        feeds[second] = new Tensor('float32', Float32Array.from(taus), [taus.length]);
      }
      return feeds;
    }
    feeds[first] = toTensor(batch.map((pair) => pair.x));
    feeds[second as string] = toTensor(batch.map((pair) => pair.y));
    return feeds;
  }

  /** One small run, to allocate and to see that the model answers at all. */
  async warmUp(): Promise<void> {
    const [low, high] = this.manifest.trained.rows as [number, number];
    const rows = Math.min(high, Math.max(low, 32));
    const values = Float32Array.from({ length: rows }, (_, r) => normalQuantile((r + 0.5) / rows));
    const side = { rows, columns: 1, values };
    await this.run([{ x: side, y: side }]);
  }
}

/** @returns float32 [batch, rows, columns] of column-major sides. */
export function toTensor(sides: readonly Scores[]): Tensor {
  const { rows, columns } = sides[0] as Scores;
  const data = new Float32Array(sides.length * rows * columns);
  let i = 0;
  for (const { values } of sides) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) data[i++] = values[c * rows + r] as number;
    }
  }
  return new Tensor('float32', data, [sides.length, rows, columns]);
}

/** The inverse of `toTensor` for one place of the batch, for a side of this shape. */
function fromTensor(tensor: Tensor, place: number, { rows, columns }: Scores): Float32Array {
  const { data } = tensor;
  const cells = rows * columns;
  if (!(data instanceof Float32Array) || data.length < (place + 1) * cells) {
    throw new Error(`a gradient has shape [${tensor.dims}], not [${rows},${columns}] a pair`);
  }
  const values = new Float32Array(cells);
  let i = place * cells;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) values[c * rows + r] = data[i++] as number;
  }
  if (!values.every(Number.isFinite)) throw new Error('a gradient of the model is not finite');
  return values;
}

function checkKnots(knots: Float64Array): void {
  knots.forEach((q, k) => {
    if (!Number.isFinite(q) || q < 0 || (k > 0 && q < (knots[k - 1] as number))) {
      throw new Error(`quantile ${k} of the model is ${q} after ${knots[k - 1]}`);
    }
  });
}
