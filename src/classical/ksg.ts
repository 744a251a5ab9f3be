import { digammaTable } from '../maths/digamma.js';
import { columnOf, type Matrix } from '../maths/matrix.js';
import { firstIndex } from '../maths/search.js';
import type { Samples } from '../samples/samples.js';
import { BoxSearch } from './box-search.js';
import { KdTree } from './kd-tree.js';
import { nextUp } from './nearest.js';
import { type NeighborSearch, type Share, WHOLE } from './neighbor-search.js';
import { type SortedColumn, sortColumn } from './sorted-column.js';

export interface KsgOptions {
  /** Number of the neighbor whose distance sets each row's scale, in 1…rows − 1. */
  readonly k: number;
  /** 1: a square around each row (equation 8 of the paper); 2: a rectangle (equation 9). */
  readonly variant: 1 | 2;
}

export interface KsgEstimate {
  /** In nats; may be negative, because the estimator is not constrained. */
  readonly nats: number;
  /**
   * A rough standard error in nats, which treats the terms of the mean over rows as independent.
   */
  readonly standardError: number;
}

/**
 * Mutual information from nearest neighbors: Kraskov, Stögbauer & Grassberger, "Estimating mutual
 * information", Phys. Rev. E 69, 066138 (2004), both estimators.
 *
 * Columns are standardized to unit variance; distances are maximum norms within x, within y and
 * over both. No noise is added, so ties remain. If several rows tie for the k-th neighbor, the
 * rectangle of variant 2 contains all of them, so that the result does not depend on row order.
 *
 *   I₁ = ψ(k) + ψ(N) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩; n counts rows nearer than the k-th neighbor.
 *   I₂ = ψ(k) − 1/k + ψ(N) − ⟨ψ(n_x) + ψ(n_y)⟩; n counts rows up to the rectangle's edges.
 *
 * If all columns of a side are constant, the estimate is exactly 0.
 *
 * @param shares neighbor counts of each share of the rows, if they were computed elsewhere.
 */
export function ksg(
  samples: Samples,
  options: KsgOptions,
  shares: readonly NeighborCounts[] = [neighborCounts(samples, options)],
): KsgEstimate {
  const { rows } = samples.x;
  const { k, variant } = options;
  const counts = { x: new Int32Array(rows), y: new Int32Array(rows) };
  for (const share of shares) {
    if (share === undefined) return { nats: 0, standardError: 0 };
    for (let row = 0; row < rows; row++) {
      counts.x[row] = (counts.x[row] as number) + (share.x[row] as number);
      counts.y[row] = (counts.y[row] as number) + (share.y[row] as number);
    }
  }

  const psi = digammaTable(rows);
  const added = variant === 1 ? 1 : 0;
  const offset = at(psi, k) + at(psi, rows) - (variant === 2 ? 1 / k : 0);
  const terms = Float64Array.from(
    counts.x,
    (n, row) => offset - at(psi, n + added) - at(psi, (counts.y[row] as number) + added),
  );
  const nats = mean(terms);
  const variance = mean(terms.map((term) => (term - nats) ** 2));
  return { nats, standardError: Math.sqrt(variance / rows) };
}

/**
 * The number of neighbors of each row within x and within y, as the variant counts them; undefined
 * if a side is constant.
 */
export type NeighborCounts = { readonly x: Int32Array; readonly y: Int32Array } | undefined;

/** @param share the rows to count for; the counts of the others are 0. */
export function neighborCounts(
  samples: Samples,
  { k, variant }: KsgOptions,
  share: Share = WHOLE,
): NeighborCounts {
  const x = standardize(samples.x);
  const y = standardize(samples.y);
  if (x.length === 0 || y.length === 0) return undefined;
  const columns = [...x, ...y];
  // With two columns, few rows are near in one of them, and a tree finds them faster.
  const joint = columns.length === 2 ? new KdTree(columns) : searchOf(columns);
  if (variant === 1) {
    const radii = joint.kthDistances(k, share);
    return { x: countsWithin(x, radii), y: countsWithin(y, radii) };
  }
  const { first, second } = joint.rectangles(k, x.length, share);
  // Rows on the edge count: they are nearer than the next larger double.
  return { x: countsWithin(x, first.map(nextUp)), y: countsWithin(y, second.map(nextUp)) };
}

/**
 * The faster search, as measured: the time of a tree grows more slowly with rows, that of a box
 * search with columns.
 */
function searchOf(columns: readonly SortedColumn[]): NeighborSearch {
  const rows = columns[0]?.values.length ?? 0;
  return rows > 5000 * 2 ** columns.length ? new KdTree(columns) : new BoxSearch(columns);
}

/**
 * Removes constant columns and computes the scale of the others. Values are first multiplied by a
 * power of two, which is exact, so that no square overflows.
 */
function standardize(side: Matrix): SortedColumn[] {
  const columns: SortedColumn[] = [];
  for (let c = 0; c < side.columns; c++) {
    const column = columnOf(side, c);
    if (column.every((value) => value === column[0])) continue;
    const largest = column.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const factor = 2 ** Math.min(1022, -Math.floor(Math.log2(largest)) - 1);
    const scaled = column.map((value) => value * factor);
    const center = mean(scaled);
    const scale = 1 / Math.sqrt(mean(scaled.map((value) => (value - center) ** 2)));
    columns.push(sortColumn(scaled, scale));
  }
  return columns;
}

/** The number of other rows nearer to each row than its radius, within one side. */
function countsWithin(side: readonly SortedColumn[], radii: Float64Array): Int32Array {
  if (side.length > 1) return searchOf(side).countsWithin(radii);
  const { values, scale, sorted } = side[0] as SortedColumn;
  const rows = values.length;
  return Int32Array.from(values, (value, row) => {
    const radius = radii[row] as number;
    if (radius <= 0) return 0;
    const from = firstIndex(rows, (i) => (value - (sorted[i] as number)) * scale < radius);
    const to = firstIndex(rows, (i) => ((sorted[i] as number) - value) * scale >= radius);
    return to - from - 1;
  });
}

function at(table: Float64Array, index: number): number {
  return table[index] as number;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
