import { probit } from '../maths/normal.js';
import { betaMixtureQuantiles, type WeightedBeta } from './beta-mixture.js';
import { logEvidence, moments, PRIOR, type Prior } from './parts.js';
import { frequencyInformation, type Table, transposed } from './table.js';

/** Evidence counts by this power: the parts are not the truth, and the table is used twice. */
export const TEMPER = 0.5;
/** Parts of less weight, relative to all but independence, are left out. */
const LEAST_WEIGHT = 1e-3;
/** With more observations per cell, the jackknife takes part. */
const DENSE = 2;

/** What a table says of the mutual information of its two variables. */
export interface TablePosterior {
  /** The largest value there can be, ln of the fewer labels, in nats. */
  readonly cap: number;
  /** Tempered weight of independence. */
  readonly independence: number;
  /** Beta distributions of information / cap, given dependence. */
  readonly parts: readonly WeightedBeta[];
}

export function tablePosterior(table: Table, prior: Prior = PRIOR): TablePosterior {
  const cap = Math.log(Math.min(table.rows, table.columns));
  if (cap === 0) return { cap, independence: 1, parts: [] };
  const candidates = [table, transposed(table)].flatMap((side) =>
    prior.parts.map((part) => ({
      part,
      side,
      logWeight: Math.log(part.prior) + TEMPER * logEvidence(part, side),
    })),
  );
  const none = Math.log(prior.independence);
  const most = candidates.reduce((m, { logWeight }) => Math.max(m, logWeight), none);
  const weights = candidates.map(({ logWeight }) => Math.exp(logWeight - most));
  const dependent = weights.reduce((sum, weight) => sum + weight, 0);
  const independent = Math.exp(none - most);
  const kept = candidates.flatMap(({ part, side }, c) => {
    const weight = weights[c] as number;
    return weight > LEAST_WEIGHT * dependent ? [{ part, side, weight }] : [];
  });
  const left = kept.reduce((sum, { weight }) => sum + weight, 0);
  return {
    cap,
    independence: independent / (independent + dependent),
    parts: kept.map(({ part, side, weight }) => ({
      weight: weight / left,
      ...betaOf(moments(part, side), cap, prior.inflation),
    })),
  };
}

/** The Beta distribution on [0, cap] of a mean and a variance. */
function betaOf(
  { mean, variance }: { mean: number; variance: number },
  cap: number,
  inflation: number,
) {
  const m = Math.min(1 - 1e-6, Math.max(1e-6, mean / cap));
  const v = Math.min(0.9 * m * (1 - m), Math.max(1e-14, (variance * inflation ** 2) / cap ** 2));
  const size = (m * (1 - m)) / v - 1;
  return { a: m * size, b: (1 - m) * size };
}

/**
 * Quantiles of mutual information given a table, in nats.
 *
 * @param taus in (0, 1).
 */
export function tableQuantiles(
  table: Table,
  taus: readonly number[],
  prior: Prior = PRIOR,
): Float64Array {
  const posterior = tablePosterior(table, prior);
  const mixture = mixtureQuantiles(posterior, taus);
  const density = table.total / (table.rows * table.columns);
  if (density <= DENSE || posterior.cap === 0) return mixture;
  const { information, standardError } = jackknife(table);
  const share = ((1 - posterior.independence) * density) / (density + 3);
  return mixture.map((quantile, k) => {
    const other = information + probit(taus[k] as number) * standardError;
    return (1 - share) * quantile + share * Math.min(posterior.cap, Math.max(0, other));
  });
}

/** Quantiles of the mixture alone. */
export function mixtureQuantiles(
  { cap, independence, parts }: TablePosterior,
  taus: readonly number[],
): Float64Array {
  const dependent = taus.filter((tau) => tau > independence);
  const shares = dependent.map((tau) => (tau - independence) / (1 - independence));
  const quantiles = parts.length === 0 ? [] : [...betaMixtureQuantiles(parts, shares)];
  return Float64Array.from(taus, (tau) =>
    tau <= independence ? 0 : cap * (quantiles[dependent.indexOf(tau)] as number),
  );
}

/** The jackknife of the plug-in estimate: its bias removed, and its standard error. */
export function jackknife(table: Table): { information: number; standardError: number } {
  const { columns, total: n, counts, rowSums, columnSums } = table;
  const information = frequencyInformation(table);
  // n I = Σ f(N_ij) − Σ f(n_i) − Σ f(n_j) + f(n) with f(v) = v ln v: leaving out one observation
  // changes one term of each sum.
  const drop = (v: number) => f(v - 1) - f(v);
  const whole = n * information;
  const leftOut = counts.map((count, cell) => {
    if (count === 0) return 0;
    const row = rowSums[Math.floor(cell / columns)] as number;
    const column = columnSums[cell % columns] as number;
    return (whole + drop(count) - drop(row) - drop(column) + drop(n)) / (n - 1);
  });
  const mean = counts.reduce(
    (sum, count, cell) => sum + (count * (leftOut[cell] as number)) / n,
    0,
  );
  const squares = counts.reduce(
    (sum, count, cell) => sum + count * ((leftOut[cell] as number) - mean) ** 2,
    0,
  );
  return {
    information: n * information - (n - 1) * mean,
    standardError: Math.sqrt(((n - 1) / n) * squares),
  };
}

function f(v: number): number {
  return v === 0 ? 0 : v * Math.log(v);
}
