import { rankColumn } from '../encoding/normal-scores.js';
import { digammaTable } from '../maths/digamma.js';
import { type Cells, cellsOf, countsOf } from '../maths/entropy.js';
import { mix32 } from '../maths/hash.js';
import { probit } from '../maths/normal.js';
import { range } from '../maths/random.js';
import { firstIndex } from '../maths/search.js';

/** The neighbor of the same class that sets a row's scale. */
const K = 3;

export interface ClassesEstimate {
  /** In nats; may be below 0. */
  readonly information: number;
  /** As if the terms of the mean over rows were independent. */
  readonly standardError: number;
}

/**
 * Mutual information of classes and a column, from nearest neighbors: Ross, "Mutual information
 * between discrete and continuous data sets", PLoS ONE 9 (2014).
 *
 *   I = ψ(N) + ⟨ψ(k) − ψ(N_c) − ψ(m)⟩
 *
 * N_c is the size of a row's class, m the number of rows nearer than its k-th neighbor of that
 * class, the row itself included. A class of one row has no neighbors and is left out. Distances are
 * those of normal scores.
 *
 * Equal values are put in pseudo-random order, which neither adds nor removes dependence. The order
 * depends only on how often each class has each value, and the mean of an order and its mirror image
 * is taken: so neither the order of rows, the names of classes nor the direction of the column
 * changes the answer.
 *
 * @param classes a number for each row: equal numbers are one class.
 * @param column shape [rows].
 */
export function classesInformation(classes: Float64Array, column: Float64Array): ClassesEstimate {
  const cells = cellsOf(classes);
  const orders = untiedOrders(cells, column);
  const estimates = orders.map((order) => informationOf(cells, order));
  const mean = (of: (one: ClassesEstimate) => number) =>
    estimates.reduce((sum, one) => sum + of(one), 0) / estimates.length;
  return {
    information: mean(({ information }) => information),
    standardError: mean(({ standardError }) => standardError),
  };
}

/** The rows in ascending order of the column: as they are without ties, or in two orders. */
function untiedOrders(cells: Cells, column: Float64Array): Int32Array[] {
  const { doubled, distinct } = rankColumn(column);
  const at = (row: number) => doubled[row] as number;
  const rows = range(column.length);
  if (distinct === column.length) return [rows.sort((a, b) => at(a) - at(b))];
  const keys = tieKeys(cells, doubled);
  const key = (row: number) => keys[row] as number;
  return [
    rows.slice().sort((a, b) => at(a) - at(b) || key(a) - key(b)),
    rows.slice().sort((a, b) => at(a) - at(b) || key(b) - key(a)),
  ];
}

/**
 * Pseudo-random keys. Rows of one class with one value are numbered; all else in a key is the same
 * for a class under any name, and for the column and its mirror image.
 */
function tieKeys({ of, count }: Cells, doubled: Int32Array): Uint32Array {
  const mirror = 2 * doubled.length + 2;
  const sign = (rank: number) => (mix32(rank) + mix32(mirror - rank)) >>> 0;
  const classSigns = new Uint32Array(count);
  doubled.forEach((rank, row) => {
    const cell = of[row] as number;
    classSigns[cell] = (classSigns[cell] as number) + mix32(sign(rank));
  });
  const seen = new Map<number, number>();
  return Uint32Array.from(doubled, (rank, row) => {
    const cell = of[row] as number;
    const place = cell * (mirror + 1) + rank;
    const number = seen.get(place) ?? 0;
    seen.set(place, number + 1);
    return mix32(mix32((classSigns[cell] as number) + sign(rank)) + mix32(number + 1));
  });
}

/** @param order the rows in ascending order of the column, without ties. */
function informationOf(cells: Cells, order: Int32Array): ClassesEstimate {
  const rows = order.length;
  const sizes = countsOf(cells);
  // Scores by rank, and the ranks of each class, ascending; classes of one row are left out.
  const ranksOf = Array.from({ length: cells.count }, (): number[] => []);
  order.forEach((row, rank) => {
    ranksOf[cells.of[row] as number]?.push(rank);
  });
  const used = ranksOf.filter((ranks) => ranks.length > 1);
  const scores = Float64Array.from(
    used.flat().sort((a, b) => a - b),
    (rank) => probit((rank + 0.5) / rows),
  );
  const total = scores.length;
  if (total === 0) return { information: 0, standardError: 0 };
  const psi = digammaTable(Math.max(total, ...sizes));
  const digamma = (n: number) => psi[n] as number;
  const terms = used.flatMap((ranks) => {
    const own = Float64Array.from(ranks, (rank) => probit((rank + 0.5) / rows));
    const k = Math.min(K, own.length - 1);
    return Array.from(own, (score, i) => {
      const radius = kthDistance(own, i, k);
      // Differences, as the radius is one: sums would round.
      const from = firstIndex(total, (j) => score - (scores[j] as number) < radius);
      const to = firstIndex(total, (j) => (scores[j] as number) - score >= radius);
      return digamma(total) + digamma(k) - digamma(own.length) - digamma(to - from);
    });
  });
  const information = terms.reduce((sum, term) => sum + term, 0) / total;
  const variance = terms.reduce((sum, term) => sum + (term - information) ** 2, 0) / total;
  return { information, standardError: Math.sqrt(variance / total) };
}

/** Distance from a value to its k-th nearest other, in an ascending array. */
function kthDistance(sorted: Float64Array, place: number, k: number): number {
  const value = sorted[place] as number;
  let nearest = Infinity;
  // The k nearest are neighbors in order: of the windows of k + 1 that hold the value, the tightest.
  const last = Math.min(place, sorted.length - 1 - k);
  for (let start = Math.max(0, place - k); start <= last; start++) {
    const reach = Math.max(
      value - (sorted[start] as number),
      (sorted[start + k] as number) - value,
    );
    nearest = Math.min(nearest, reach);
  }
  return nearest;
}
