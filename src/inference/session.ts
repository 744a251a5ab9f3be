import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Scores } from '../encoding/encode.js';
import { isPointModel } from '../estimation/model.js';
import { normalQuantile } from '../maths/normal.js';
import type { Manifest } from './manifest.js';
import { paddedRows, referenceKnots } from './reference.js';

/** Scores of two sides with the same rows: one input of the model. */
export interface ScoredSamples {
  readonly x: Scores;
  readonly y: Scores;
}

/** Derivatives with respect to the scores of both sides, shape [rows, columns], column-major. */
export interface ScoreGradient {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Options of every session; the bench uses the same. */
export const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  // The pool has one thread per core; more threads inside a run would compete with them.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // Keep the memory of the largest run (CELLS_PER_RUN bounds it) for the next one. Without it,
  // newly allocated pages make a run of 500 rows about 1.5 times slower.
  enableCpuMemArena: true,
};

/** An ONNX session of one model. Runs block their thread, so use it in a worker thread. */
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

  /**
   * @param bytes content of model.onnx.
   * @param gradient content of gradient.onnx; without it the session cannot compute gradients.
   */
  static async open(
    manifest: Manifest,
    bytes: Uint8Array,
    gradient?: Uint8Array,
  ): Promise<ModelSession> {
    const session = await InferenceSession.create(bytes, SESSION_OPTIONS);
    return new ModelSession(manifest, session, gradient);
  }

  /**
   * Estimates the quantiles for each input of a batch.
   *
   * @param batch inputs of one shape: the same rows, dim_x and dim_y in each.
   * @returns shape [batch][taus], in nats, ascending, at least 0.
   * @throws Error if the model's output has another shape or violates this.
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
   * The derivative of Q(tau) with respect to the scores of an input, for each tau.
   *
   * @returns for each tau the derivatives of both sides, in nats, shape [rows, columns],
   *   column-major like the scores.
   * @throws Error if the model has no gradient.onnx, or if its output has another shape or is not
   *   finite.
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

  /**
   * Opens the gradient on first use, because that takes several times as long as the model itself.
   */
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
    feeds[first] = toTensor(batch.map(({ x }) => x));
    feeds[second as string] = toTensor(batch.map(({ y }) => y));
    return feeds;
  }

  /** Makes one small run, to allocate memory and to check that the model works. */
  async warmUp(): Promise<void> {
    const [low, high] = this.manifest.trained.rows as [number, number];
    const rows = Math.min(high, Math.max(low, 32));
    const values = Float32Array.from({ length: rows }, (_, r) => normalQuantile((r + 0.5) / rows));
    const side = { rows, columns: 1, values };
    await this.run([{ x: side, y: side }]);
  }
}

/** Converts column-major sides to a float32 tensor of shape [batch, rows, columns]. */
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

/** The inverse of `toTensor` for one place of the batch. */
function fromTensor(tensor: Tensor, place: number, { rows, columns }: Scores): Float32Array {
  const { data } = tensor;
  const cells = rows * columns;
  if (!(data instanceof Float32Array) || data.length < (place + 1) * cells) {
    throw new Error(`a gradient has shape [${tensor.dims}], not [${rows},${columns}] per input`);
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
      throw new Error(`quantile ${k} of the model is ${q}, and the one before is ${knots[k - 1]}`);
    }
  });
}
