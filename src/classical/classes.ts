import type { Scores } from '../encoding/encode.js';
import { digammaTable } from '../maths/digamma.js';
import { cellsOf, countsOf } from '../maths/entropy.js';
import { firstIndex, lowerBound, upperBound } from '../maths/search.js';
import { searchOf } from './ksg.js';
import { nextUp } from './nearest.js';
import { type SortedColumn, sortColumn } from './sorted-column.js';

/** Neighbors of the same class that set a row's scale. */
const K = 3;

export interface ClassesEstimate {
  /** In nats; may be below 0. */
  readonly information: number;
  /** As if the terms of the mean over rows were independent. */
  readonly standardError: number;
}

/**
 * Mutual information of classes and continuous columns, from nearest neighbors: Ross, "Mutual
 * information between discrete and continuous data sets", PLoS ONE 9 (2014).
 *
 *   I = ψ(N) + ⟨ψ(k) − ψ(N_c) − ψ(m)⟩
 *
 * N_c is the size of a row's class, m the number of rows nearer than its k-th neighbor of that
 * class, the row itself included. Where k or more rows of the class have exactly the row's values,
 * all rows with these values count on both sides, as in Gao et al. (2017). A class of one row has no
 * neighbors and is left out.
 *
 * @param classes a number for each row: equal numbers are one class.
 * @param scores of the columns, at least one.
 */
export function classesInformation(classes: Float64Array, scores: Scores): ClassesEstimate {
  const { of, count } = cellsOf(classes);
  const sizes = countsOf({ of, count });
  const rows = members(of, count, sizes).filter((own) => own.length > 1);
  const used = rows.reduce((sum, own) => sum + own.length, 0);
  if (rows.length === 0) return { information: 0, standardError: 0 };

  const radii = new Float64Array(of.length);
  const neighbors = new Int32Array(of.length);
  for (const own of rows) {
    const k = Math.min(K, own.length - 1);
    const distances = kthDistances(takeScores(scores, own), k);
    own.forEach((row, i) => {
      radii[row] = distances[i] as number;
      neighbors[row] = k;
    });
    tiedNeighbors(takeScores(scores, own), distances).forEach((ties, i) => {
      if (distances[i] === 0) neighbors[own[i] as number] = ties;
    });
  }
  const all = Int32Array.from(rows.flatMap((own) => [...own])).sort();
  const within = countsNear(
    takeScores(scores, all),
    Float64Array.from(all, (row) => radii[row] as number),
  );

  const psi = digammaTable(used);
  const terms = Float64Array.from(all, (row, i) => {
    const k = neighbors[row] as number;
    const size = sizes[of[row] as number] as number;
    const m = (within[i] as number) + 1;
    return at(psi, used) + at(psi, k) - at(psi, size) - at(psi, m);
  });
  const information = terms.reduce((sum, term) => sum + term, 0) / used;
  const variance = terms.reduce((sum, term) => sum + (term - information) ** 2, 0) / used;
  return { information, standardError: Math.sqrt(variance / used) };
}

/** The rows of each cell, in their order. */
function members(of: Int32Array, count: number, sizes: Float64Array): Int32Array[] {
  const rows = Array.from({ length: count }, (_, cell) => new Int32Array(sizes[cell] as number));
  const filled = new Int32Array(count);
  of.forEach((cell, row) => {
    const place = filled[cell] as number;
    (rows[cell] as Int32Array)[place] = row;
    filled[cell] = place + 1;
  });
  return rows;
}

function takeScores({ rows, columns, values }: Scores, taken: Int32Array): SortedColumn[] {
  return Array.from({ length: columns }, (_, c) =>
    sortColumn(
      Float64Array.from(taken, (row) => values[c * rows + row] as number),
      1,
    ),
  );
}

/** Distance from each row to its k-th nearest other row, under the maximum norm. */
function kthDistances(columns: readonly SortedColumn[], k: number): Float64Array {
  const [only] = columns;
  if (only === undefined || columns.length > 1) return searchOf(columns).kthDistances(k);
  const { sorted, order } = only;
  const distances = new Float64Array(sorted.length);
  // The k nearest are neighbors in order: of the windows of k + 1 that hold a rank, the tightest.
  order.forEach((row, rank) => {
    const value = sorted[rank] as number;
    let nearest = Infinity;
    const last = Math.min(rank, sorted.length - 1 - k);
    for (let start = Math.max(0, rank - k); start <= last; start++) {
      const reach = Math.max(
        value - (sorted[start] as number),
        (sorted[start + k] as number) - value,
      );
      nearest = Math.min(nearest, reach);
    }
    distances[row] = nearest;
  });
  return distances;
}

/** Rows other than each row that are nearer than its radius, or at distance 0 where that is 0. */
function countsNear(columns: readonly SortedColumn[], radii: Float64Array): Int32Array {
  const reach = radii.map((radius) => (radius === 0 ? nextUp(0) : radius));
  const [only] = columns;
  if (only === undefined || columns.length > 1) return searchOf(columns).countsWithin(reach);
  const { sorted, values } = only;
  return Int32Array.from(values, (value, row) => {
    const radius = radii[row] as number;
    if (radius === 0) return upperBound(sorted, value) - lowerBound(sorted, value) - 1;
    // Differences, as the radius is one: sums would round.
    const from = firstIndex(sorted.length, (i) => value - (sorted[i] as number) < radius);
    const to = firstIndex(sorted.length, (i) => (sorted[i] as number) - value >= radius);
    return to - from - 1;
  });
}

/** The rows, itself included, at distance 0 of each row whose k-th neighbor is at distance 0. */
function tiedNeighbors(columns: readonly SortedColumn[], distances: Float64Array): Int32Array {
  if (distances.every((distance) => distance > 0)) return new Int32Array(distances.length);
  return countsNear(columns, new Float64Array(distances.length)).map((n) => n + 1);
}

function at(table: Float64Array, index: number): number {
  return table[index] as number;
}
