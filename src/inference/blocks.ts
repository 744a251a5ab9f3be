/**
 * Splits more rows than a model was trained on into blocks of a size that it knows. Each block is
 * encoded and estimated by itself, and the quantiles of the blocks are combined.
 *
 * The split must not depend on row order, column order, which side is x, or monotone maps of
 * columns. Rows are therefore ordered by a key made from their scores (`canonicalOrder`).
 */

import type { Scores } from '../encoding/encode.js';
import { mix32 } from '../maths/hash.js';

/**
 * Assigns rows round-robin, in canonical order, to the fewest blocks of at most `blockRows` rows.
 * The sizes of blocks differ by at most one row.
 *
 * @returns the row indices of each block.
 */
export function splitIntoBlocks(x: Scores, y: Scores, blockRows: number): Int32Array[] {
  const blocks = Math.ceil(x.rows / blockRows);
  const order = canonicalOrder(x, y);
  return Array.from({ length: blocks }, (_, b) => {
    const rows = new Int32Array(Math.ceil((x.rows - b) / blocks));
    for (let i = 0; i < rows.length; i++) rows[i] = order[b + i * blocks] as number;
    return rows;
  });
}

/**
 * Combines the quantiles of K blocks: averages them knot by knot and shrinks the spread around the
 * median by K^(−spreadExponent), because more rows leave less uncertainty. The exponent is
 * calibrated and stored in the model's manifest, because all blocks share the model's bias.
 *
 * A knot that is 0 in most blocks stays 0: most blocks consider independence likely, and the few
 * other blocks or the median must not rule it out.
 *
 * @param knots the quantiles of each block, in nats, shape [K][taus].
 * @param median index of tau = 0.5.
 */
export function combineBlocks(
  knots: readonly Float64Array[],
  median: number,
  spreadExponent: number,
): Float64Array<ArrayBuffer> {
  const mean = new Float64Array(knots[0]?.length ?? 0);
  const zeros = new Uint32Array(mean.length);
  for (const block of knots) {
    for (let k = 0; k < mean.length; k++) {
      mean[k] = (mean[k] as number) + (block[k] as number) / knots.length;
      if (block[k] === 0) zeros[k] = (zeros[k] as number) + 1;
    }
  }
  const center = mean[median] as number;
  const shrink = knots.length ** -spreadExponent;
  return mean.map((q, k) =>
    2 * (zeros[k] as number) > knots.length ? 0 : Math.max(0, center + (q - center) * shrink),
  );
}

/**
 * Row indices sorted by a key that mixes the row's scores.
 *
 * The first key sums a hash of |score| over the columns of each side, so that the sign and the
 * position of columns do not matter, and then adds the sums of both sides, so that neither side is
 * first. Rows with the same |scores| need a second key: the same with the sign of each column fixed
 * by its data (`orientations`). Rows that still tie are duplicates, or mirror images in data that
 * are their own mirror image; `scatter` handles them.
 */
function canonicalOrder(x: Scores, y: Scores): Uint32Array {
  const first = new Uint32Array(x.rows);
  const plain = (side: Scores) => new Int8Array(side.columns);
  addKeys(first, x, plain(x));
  addKeys(first, y, plain(y));
  const second = new Uint32Array(x.rows);
  addKeys(second, x, orientations(x, first));
  addKeys(second, y, orientations(y, first));
  const order = Uint32Array.from({ length: x.rows }, (_, r) => r).sort(
    (a, b) =>
      (first[a] as number) - (first[b] as number) || (second[a] as number) - (second[b] as number),
  );
  scatter(order, first, second);
  return order;
}

/**
 * Moves duplicates away from each other. Each is moved to a place made from its key and its number
 * among equal rows, so it does not matter which of them is which. If duplicates were adjacent, the
 * first rows, from which a model may read more than from the others, would have few distinct
 * values.
 */
function scatter(order: Uint32Array, first: Uint32Array, second: Uint32Array): void {
  const keys = first.slice();
  let before = 0;
  let any = false;
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1] as number, order[i] as number];
    before = first[a] === first[b] && second[a] === second[b] ? before + 1 : 0;
    if (before > 0) {
      keys[b] = mix32((first[b] as number) + mix32(before));
      any = true;
    }
  }
  if (any) order.sort((a, b) => (keys[a] as number) - (keys[b] as number));
}

/** Adds one side's key to each row's key; in a column of orientation 0, only |score| counts. */
function addKeys(keys: Uint32Array, side: Scores, orientation: Int8Array): void {
  const bits = new Uint32Array(side.values.buffer, side.values.byteOffset, side.values.length);
  for (let r = 0; r < side.rows; r++) {
    let sum = 0;
    for (let c = 0; c < side.columns; c++) {
      const raw = bits[c * side.rows + r] as number;
      const size = raw & 0x7fffffff;
      // Only scores other than 0 change sign when their column is negated.
      const flip = size === 0 || orientation[c] === 0 ? 0 : sign(raw) * (orientation[c] as number);
      sum = (sum + mix32(flip < 0 ? ~size : size)) >>> 0;
    }
    keys[r] = (keys[r] as number) + mix32(sum);
  }
}

/**
 * Fixes the sign of each column by its data: the sign of Σ score × key over rows, which changes
 * when the column is negated. Scores are truncated to integers, so that the sum is exact and does
 * not depend on row order.
 *
 * @returns −1, 0 or 1 for each column.
 */
function orientations(side: Scores, keys: Uint32Array): Int8Array {
  return Int8Array.from({ length: side.columns }, (_, c) => {
    let sum = 0;
    for (let r = 0; r < side.rows; r++) {
      // 17 bits of score times 16 bits of key: the sum over a million rows is exact in 53 bits.
      const score = Math.trunc((side.values[c * side.rows + r] as number) * 0x4000);
      sum += score * ((keys[r] as number) >>> 16);
    }
    return Math.sign(sum);
  });
}

function sign(bits: number): number {
  return bits >>> 31 === 0 ? 1 : -1;
}
