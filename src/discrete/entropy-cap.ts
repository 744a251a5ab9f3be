import { cellsOf, countsOf, crossed, entropyOfCounts } from '../maths/entropy.js';
import { probit } from '../maths/normal.js';

export interface LabelEntropy {
  readonly labels: number;
  /** The quantile at tau. */
  readonly at: (tau: number) => number;
}

/**
 * Quantiles of the entropy of a discrete side: an upper bound on its mutual information with
 * anything. Each is the Miller–Madow estimate plus z standard errors, and at most ln of the number
 * of labels.
 *
 * The standard error has a second part of order 1 / rows, as the first vanishes for uniform labels.
 *
 * @param columns at least one; rows with equal values in all of them have the same label.
 * @returns the quantile at any tau in (0, 1), in nats, and the number of labels.
 */
export function labelEntropy(columns: readonly Float64Array[]): LabelEntropy {
  const cells = columns.map(cellsOf).reduce(crossed);
  const rows = cells.of.length;
  const counts = countsOf(cells);
  const labels = counts.length;
  const entropy = entropyOfCounts(counts, rows);
  const shares = counts.map((count) => count / rows);
  const squares = shares.reduce((sum, p) => sum + p * Math.log(p) ** 2, 0);
  const center = entropy + (labels - 1) / (2 * rows);
  const error =
    Math.sqrt(Math.max(0, squares - entropy ** 2) / rows) + Math.sqrt((labels - 1) / 2) / rows;
  return {
    labels,
    at: (tau) => Math.max(0, Math.min(Math.log(labels), center + probit(tau) * error)),
  };
}
