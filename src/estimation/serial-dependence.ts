import { encodeColumns, rankColumns } from '../encoding/encode.js';
import type { Matrix } from '../maths/matrix.js';
import type { EstimateWarning } from '../warnings.js';

/** Largest lag at which a series is compared with itself. */
const MOST_LAGS = 50;
/** Above this inflation of the variance, intervals are over 10 % too narrow. */
const INFLATION = 1.2;

/**
 * Warns if rows depend on the rows before them. The interval assumes independent rows, and if both
 * series change slowly, the rows carry only as much information as a smaller number of independent
 * ones.
 */
export function serialDependence(x: Matrix, y: Matrix): EstimateWarning[] {
  const inflation = Math.max(
    1,
    ...autocorrelations(x).flatMap((a) => autocorrelations(y).map((b) => varianceInflation(a, b))),
  );
  if (inflation < INFLATION) return [];
  return [
    {
      code: 'serial_dependence',
      message: `Rows of x and of y depend on the rows before them: the ${x.rows} rows carry about as much information as ${Math.round(x.rows / inflation)} independent rows, so the intervals are too narrow. The p-values account for this by permuting blocks of rows.`,
    },
  ];
}

/**
 * The variance of the sample correlation of two series, relative to independent rows:
 * 1 + 2 Σ r_x(k) r_y(k) (Bartlett 1935), up to the first k at which either is within noise.
 */
function varianceInflation(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < Math.min(a.length, b.length); k++) sum += (a[k] as number) * (b[k] as number);
  return 1 + 2 * sum;
}

/** Autocorrelations of normal scores at lags 1, 2, … while they exceed noise; [column][lag − 1]. */
function autocorrelations(series: Matrix): number[][] {
  const { rows, columns, values } = encodeColumns(rankColumns(series), series.rows);
  const noise = 2 / Math.sqrt(rows);
  return Array.from({ length: columns }, (_, c) => {
    const column = values.subarray(c * rows, (c + 1) * rows);
    const variance = product(column, 0);
    const found: number[] = [];
    for (let lag = 1; lag <= Math.min(MOST_LAGS, rows - 2); lag++) {
      const r = product(column, lag) / variance;
      if (Math.abs(r) < noise) break;
      found.push(r);
    }
    return found;
  });
}

function product(column: Float32Array, lag: number): number {
  let sum = 0;
  for (let t = lag; t < column.length; t++) {
    sum += (column[t] as number) * (column[t - lag] as number);
  }
  return sum;
}
