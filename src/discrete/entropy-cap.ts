import { cellsOf, countsOf, crossed } from '../maths/entropy.js';
import { columnOf, type Matrix } from '../maths/matrix.js';
import { probit } from '../maths/normal.js';

/**
 * Quantiles of the entropy of a discrete side: an upper bound on its mutual information with
 * anything. Each is the Miller–Madow estimate plus z standard errors, and at most ln of the number
 * of labels.
 *
 * The standard error has a second part of order 1 / rows, as the first vanishes for uniform labels.
 *
 * @param side its rows are labels: equal rows are one label.
 * @param taus in (0, 1).
 * @returns nats.
 */
export function entropyQuantiles(side: Matrix, taus: readonly number[]): Float64Array {
  const cells = Array.from({ length: side.columns }, (_, c) => cellsOf(columnOf(side, c))).reduce(
    crossed,
  );
  const { rows } = side;
  const shares = countsOf(cells).map((count) => count / rows);
  const labels = shares.length;
  const entropy = shares.reduce((sum, p) => sum - p * Math.log(p), 0);
  const squares = shares.reduce((sum, p) => sum + p * Math.log(p) ** 2, 0);
  const center = entropy + (labels - 1) / (2 * rows);
  const error =
    Math.sqrt(Math.max(0, squares - entropy ** 2) / rows) + Math.sqrt((labels - 1) / 2) / rows;
  return Float64Array.from(taus, (tau) =>
    Math.max(0, Math.min(Math.log(labels), center + probit(tau) * error)),
  );
}
