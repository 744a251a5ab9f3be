import { rankColumn, scoreTable } from '../encoding/normal-scores.js';
import { columnOf, type Matrix } from '../maths/matrix.js';
import { permutation, type Random, random } from '../maths/random.js';

/** How to reorder the rows of one side, which breaks its dependence on the other. */
export type Shuffle =
  /** Any order of the rows: for independent observations. */
  | { readonly kind: 'rows'; readonly seed: number }
  /** Blocks of `length` consecutive rows, each kept in its order: for time series. */
  | { readonly kind: 'blocks'; readonly seed: number; readonly length: number }
  /** Rows are exchanged with rows of similar z, which keeps the dependence on z. */
  | { readonly kind: 'neighbors'; readonly seed: number; readonly z: Matrix };

/** Rows of similar z among which a row is exchanged; 5 to 10 keep the level (Runge 2018). */
const NEIGHBORS = 5;
/** Exchanges per row: after one, a sixth of the rows have found no partner and have not moved. */
const ROUNDS = 2;
/** Maximum number of candidates to keep when many rows are at equal distance. */
const MOST_CANDIDATES = 64;

/** Thrown to end work whose result is no longer needed. */
export class WorkCancelled extends Error {}

/**
 * @param cancelled called between rows of the neighbor search, which takes rows² steps.
 * @returns for each row, the index of the row that takes its place.
 * @throws WorkCancelled
 */
export function shuffledRows(shuffle: Shuffle, rows: number, cancelled: () => boolean): Int32Array {
  const stream = random(shuffle.seed);
  switch (shuffle.kind) {
    case 'rows':
      return permutation(rows, stream);
    case 'blocks':
      return shuffledBlocks(rows, shuffle.length, stream);
    case 'neighbors':
      return shuffledNeighbors(candidatesOf(shuffle.z, cancelled), stream);
  }
}

/**
 * Closes the rows to a circle, cuts it at a random place into blocks of `length` rows (the last may
 * be shorter), and puts the blocks in random order.
 */
function shuffledBlocks(rows: number, length: number, stream: Random): Int32Array {
  const start = stream.below(rows);
  const order = new Int32Array(rows);
  let at = 0;
  for (const block of permutation(Math.ceil(rows / length), stream)) {
    const end = Math.min(rows, (block + 1) * length);
    for (let r = block * length; r < end; r++) order[at++] = (start + r) % rows;
  }
  return order;
}

/**
 * Local permutation in the spirit of Runge ("Conditional independence testing based on a
 * nearest-neighbor estimator of conditional mutual information", AISTATS 2018), but every row is
 * used exactly once: in random order, each row is exchanged with one of its candidates that has not
 * moved yet. Runge's algorithm uses some rows twice and others never; an estimator based on
 * neighbors mistakes repeated rows for dependence, which made its p-values too small.
 */
function shuffledNeighbors(candidates: readonly Int32Array[], stream: Random): Int32Array {
  const order = Int32Array.from(candidates, (_, r) => r);
  for (let round = 0; round < ROUNDS; round++) {
    const moved = new Uint8Array(candidates.length);
    for (const r of permutation(candidates.length, stream)) {
      if (moved[r] === 1) continue;
      const near = candidates[r] as Int32Array;
      for (const i of permutation(near.length, stream)) {
        const other = near[i] as number;
        if (other === r || moved[other] === 1) continue;
        moved[r] = 1;
        moved[other] = 1;
        const kept = order[r] as number;
        order[r] = order[other] as number;
        order[other] = kept;
        break;
      }
    }
  }
  return order;
}

/** Candidates by matrix, because all draws of a test use the same z. */
const candidatesByMatrix = new WeakMap<Matrix, readonly Int32Array[]>();

/**
 * The candidates of each row: the nearest rows, itself included, by the largest difference of
 * normal scores, and all rows that tie with the last of them. If there are more than
 * MOST_CANDIDATES, a random choice is kept.
 */
function candidatesOf(z: Matrix, cancelled: () => boolean): readonly Int32Array[] {
  const found = candidatesByMatrix.get(z);
  if (found !== undefined) return found;
  const scores = Array.from({ length: z.columns }, (_, c) => scoresOf(columnOf(z, c)));
  const stream = random(0);
  const distances = new Float64Array(z.rows);
  const candidates = Array.from({ length: z.rows }, (_, r) => {
    if (cancelled()) throw new WorkCancelled();
    distances.fill(0);
    for (const column of scores) {
      const here = column[r] as number;
      for (let s = 0; s < z.rows; s++) {
        const difference = Math.abs((column[s] as number) - here);
        if (difference > (distances[s] as number)) distances[s] = difference;
      }
    }
    return nearest(distances, stream);
  });
  candidatesByMatrix.set(z, candidates);
  return candidates;
}

/** Indices of the NEIGHBORS smallest distances and of all that tie with the largest of these. */
function nearest(distances: Float64Array, stream: Random): Int32Array {
  const smallest = new Float64Array(Math.min(NEIGHBORS, distances.length)).fill(Infinity);
  const last = smallest.length - 1;
  for (const distance of distances) {
    if (distance >= (smallest[last] as number)) continue;
    let place = last;
    while (place > 0 && (smallest[place - 1] as number) > distance) {
      smallest[place] = smallest[place - 1] as number;
      place--;
    }
    smallest[place] = distance;
  }
  const all: number[] = [];
  distances.forEach((distance, r) => {
    if (distance <= (smallest[last] as number)) all.push(r);
  });
  if (all.length <= MOST_CANDIDATES) return Int32Array.from(all);
  const chosen = permutation(all.length, stream).subarray(0, MOST_CANDIDATES);
  return chosen.map((i) => all[i] as number);
}

function scoresOf(column: Float64Array): Float64Array {
  const table = scoreTable(column.length);
  return Float64Array.from(rankColumn(column).doubled, (m) => table[m] as number);
}
