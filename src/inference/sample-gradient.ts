import { columnUses, encodeColumns, rankColumns, type Scores } from '../encoding/encode.js';
import { scoresOf, throughSmoothedCdf } from '../encoding/smoothed-cdf.js';
import type { SampleGradient } from '../estimation/question.js';
import { columnOf, type Matrix, takeRows } from '../maths/matrix.js';
import type { JoinedSide } from '../samples/dummies.js';
import { WorkCancelled } from '../samples/shuffle.js';
import type { ModelSession } from './session.js';

/**
 * The derivative of a quantile with respect to every sample.
 *
 * K blocks are estimated separately. Their combined quantile is m + K^(−e) (q − m), where m and q
 * are the means over blocks of the median and of Q(tau) (`combineBlocks`), and its derivative is
 * combined likewise. For a tau between knots, this ignores that the interpolation depends slightly
 * on the spread.
 *
 * @param blocks row indices of each block.
 * @param cancelled called before each run.
 * @throws WorkCancelled
 */
export async function sampleGradient(
  model: ModelSession,
  samples: { readonly x: JoinedSide; readonly y: JoinedSide },
  blocks: readonly Int32Array[],
  tau: number,
  cancelled: () => boolean,
): Promise<SampleGradient> {
  const share = blocks.length ** -model.manifest.blocks.spread_exponent;
  const parts =
    share === 1 || tau === 0.5
      ? [{ tau, share: 1 }]
      : [
          { tau, share },
          { tau: 0.5, share: 1 - share },
        ];
  const total = { x: zerosLike(samples.x), y: zerosLike(samples.y) };
  for (const rows of blocks) {
    const x = new BlockSide(samples.x, rows);
    const y = new BlockSide(samples.y, rows);
    // If all columns of a side are constant, the block's estimate is 0 and adds no derivative.
    if (x.scores.columns === 0 || y.scores.columns === 0) continue;
    if (cancelled()) throw new WorkCancelled();
    const gradients = await model.gradients(
      { x: x.scores, y: y.scores },
      parts.map((part) => part.tau),
    );
    gradients.forEach((gradient, p) => {
      const weight = (parts[p]?.share as number) / blocks.length;
      x.addTo(total.x, gradient.x, weight);
      y.addTo(total.y, gradient.y, weight);
    });
  }
  return total;
}

/** One side of a block, with its rows ranked within the block. */
class BlockSide {
  readonly scores: Scores;
  readonly #rows: Int32Array;
  readonly #samples: Matrix;
  readonly #sources: JoinedSide['sources'];
  /** For each column of the scores, the index of its column in the samples. */
  readonly #columns: readonly number[];

  constructor({ matrix, sources }: JoinedSide, rows: Int32Array) {
    this.#rows = rows;
    this.#samples = takeRows(matrix, rows);
    this.#sources = sources;
    const ranks = rankColumns(this.#samples);
    this.#columns = columnUses(ranks).flatMap((use, c) => (use === 'used' ? [c] : []));
    this.scores = encodeColumns(ranks, rows.length);
  }

  /**
   * Adds `weight` times the derivative with respect to the samples to `total`.
   *
   * @param gradient derivative with respect to the scores, shape [rows, columns], column-major.
   */
  addTo(total: Matrix, gradient: Float32Array, weight: number): void {
    const { rows } = this.scores;
    this.#columns.forEach((column, c) => {
      const [sent = 0, ...others] = this.#sources[column] as readonly number[];
      // Labels have no order, so their derivative is 0.
      if (others.length > 0) return;
      const bySample = throughSmoothedCdf(
        columnOf(this.#samples, column),
        scoresOf(this.scores, c),
        gradient.subarray(c * rows, (c + 1) * rows),
      );
      const sums = columnOf(total, sent);
      bySample.forEach((value, i) => {
        const row = this.#rows[i] as number;
        sums[row] = (sums[row] as number) + weight * value;
      });
    });
  }
}

function zerosLike({ matrix, sources }: JoinedSide): Matrix {
  const columns = sources.flat().length;
  return { rows: matrix.rows, columns, values: new Float64Array(matrix.rows * columns) };
}
