/**
 * The parts of the mixture: models of a table in which each row's conditional distribution is drawn
 * from a Dirichlet distribution around the column shares p.
 *
 * - Plain part (b): concentration b · p.
 * - Slip part (e, b): concentration b · ((1 − e) · δ_f + e · p), where f, the column that the row
 *   stands for, is uniform over the columns and summed out: a function of the row with slips.
 *
 * All parts are taken of the table and of its transpose. Beside them stands independence.
 */
import digamma from '@stdlib/math-base-special-digamma';
import gammaln from '@stdlib/math-base-special-gammaln';
import { softmax } from '../maths/log-space.js';
import type { Table } from './table.js';

export interface Part {
  /** b: the larger, the closer each row is to its center. */
  readonly concentration: number;
  /** e: the share of slips; 1 in a plain part. */
  readonly slips: number;
  readonly prior: number;
}

export const plain = (concentration: number, prior: number): Part => ({
  concentration,
  slips: 1,
  prior,
});
export const slip = (slips: number, concentration: number, prior: number): Part => ({
  concentration,
  slips,
  prior,
});

/** The parts of a mixture, and the prior weight of independence. */
export interface Prior {
  readonly parts: readonly Part[];
  readonly independence: number;
  /** Factor on the standard deviations of the parts, which are too small by themselves. */
  readonly inflation: number;
}

/**
 * The mean of two fits by expectation maximization: one on 12,000 simulated tables of an earlier
 * design, one on 5,600 tables of `bench/discrete` (`npm run fit:tables`).
 */
export const PRIOR: Prior = {
  independence: 0.161,
  inflation: 1.15,
  parts: [
    plain(0.1, 0.0011),
    plain(0.3, 0.029),
    plain(1, 0.0252),
    plain(3, 0.0337),
    plain(10, 0.0344),
    plain(30, 0.0349),
    plain(100, 0.0247),
    plain(300, 0.0185),
    plain(1000, 0.0106),
    plain(3000, 0.0018),
    plain(10_000, 0.0014),
    slip(0.003, 3, 0.0683),
    slip(0.01, 300, 0.0014),
    slip(0.02, 300, 0.0008),
    slip(0.03, 30, 0.0006),
    slip(0.03, 300, 0.0031),
    slip(0.03, 3000, 0.0009),
    slip(0.06, 3, 0.0022),
    slip(0.06, 30, 0.0029),
    slip(0.06, 300, 0.0051),
    slip(0.06, 3000, 0.0011),
    slip(0.1, 3, 0.0033),
    slip(0.1, 30, 0.0024),
    slip(0.1, 300, 0.0032),
    slip(0.1, 3000, 0.0012),
    slip(0.15, 3, 0.0156),
    slip(0.15, 30, 0.0049),
    slip(0.15, 300, 0.005),
    slip(0.15, 3000, 0.0022),
    slip(0.22, 3, 0.0105),
    slip(0.22, 30, 0.0027),
    slip(0.22, 300, 0.0033),
    slip(0.22, 3000, 0.0026),
    slip(0.3, 3, 0.0149),
    slip(0.3, 30, 0.0034),
    slip(0.3, 300, 0.0018),
    slip(0.3, 3000, 0.0015),
    slip(0.4, 30, 0.0006),
    slip(0.4, 300, 0.0005),
    slip(0.5, 3, 0.0193),
    slip(0.5, 30, 0.0009),
    slip(0.7, 3, 0.0088),
    slip(0.7, 30, 0.0009),
  ],
};

/** Weight of the penalty for margins that are taken from the table itself. */
const MARGINS = 1.5;

/** The log-evidence of a part for a table, less that of independence, with the margins' penalty. */
export function logEvidence(part: Part, table: Table): number {
  const { columns, total, counts, rowSums, columnSums } = table;
  const { concentration: b, slips } = part;
  const base = Float64Array.from(columnSums, (sum) => (b * slips * sum) / total);
  const shift = b * (1 - slips);
  const logGammaBase = base.map(gammaln);
  const logGammaShifted = slips === 1 ? base : base.map((a) => gammaln(a + shift));
  const digammaBase = base.map(digamma);
  let evidence = 0;
  /** Σ t(a, N): how many of the counts the margins' prior explains. */
  let explained = 0;
  for (let i = 0; i < rowSums.length; i++) {
    evidence -= rise(b, rowSums[i] as number);
    // Of each column that the row may stand for: how much better it explains the row.
    const gains: number[] = [];
    for (let j = 0; j < columns; j++) {
      const count = counts[i * columns + j] as number;
      if (count === 0) continue;
      const a = base[j] as number;
      const up = gammaln(a + count) - (logGammaBase[j] as number);
      evidence += up;
      explained += a * (digamma(a + count) - (digammaBase[j] as number));
      if (slips < 1) {
        gains.push(gammaln(a + shift + count) - (logGammaShifted[j] as number) - up);
      }
    }
    if (slips < 1) evidence += logMeanExp(gains, columns);
  }
  const independence = columnSums.reduce((sum, n) => sum + n * Math.log(n / total), 0);
  const penalty = ((columns - 1) / 2) * Math.log(total / Math.max(1, explained));
  return evidence - independence + MARGINS * penalty;
}

/** The mean and the variance of mutual information under a part, given the table, in nats. */
export function moments(part: Part, table: Table): { mean: number; variance: number } {
  const { rows, columns, total, counts, rowSums, columnSums } = table;
  const { concentration: b, slips } = part;
  const shift = b * (1 - slips);
  /** Mean conditional distributions, [rows, columns]. */
  const q = new Float64Array(rows * columns);
  /** Of each row: the mean of its entropy, and the variance of that mean over f. */
  const entropy = new Float64Array(rows);
  const spread = new Float64Array(rows);
  const shares = new Float64Array(columns);
  let shrinkage = 0;
  for (let i = 0; i < rows; i++) {
    const n = rowSums[i] as number;
    const p = n / total;
    const all = n + b;
    shrinkage += (p * b * slips) / all;
    const a = Float64Array.from({ length: columns }, (_, j) => {
      const share = (columnSums[j] as number) / total;
      return (counts[i * columns + j] as number) + b * slips * share;
    });
    const stands = standsFor(part, table, i);
    const terms = a.map((value) => value * digamma(value + 1));
    const sum = terms.reduce((s, term) => s + term, 0);
    const top = digamma(all + 1);
    if (slips === 1) entropy[i] = top - sum / all;
    else {
      let [mean, square] = [0, 0];
      for (let f = 0; f < columns; f++) {
        const weight = stands[f] as number;
        const shifted = (a[f] as number) + shift;
        const h = top - (sum - (terms[f] as number) + shifted * digamma(shifted + 1)) / all;
        mean += weight * h;
        square += weight * h * h;
      }
      entropy[i] = mean;
      spread[i] = Math.max(0, square - mean * mean);
    }
    for (let j = 0; j < columns; j++) {
      const value = ((a[j] as number) + shift * (stands[j] as number)) / all;
      q[i * columns + j] = value;
      shares[j] = (shares[j] as number) + p * value;
    }
  }

  let mean = shares.reduce((s, share) => s - share * Math.log(share), 0);
  mean += ((1 - shrinkage) * (columns - 1)) / (2 * total);
  let information = 0;
  let variance = 0;
  const divergence = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const p = (rowSums[i] as number) / total;
    const all = (rowSums[i] as number) + b;
    let [first, second] = [0, 0];
    for (let j = 0; j < columns; j++) {
      const value = q[i * columns + j] as number;
      const log = Math.log(value / (shares[j] as number));
      first += value * log;
      second += value * log * log;
    }
    divergence[i] = first;
    information += p * first;
    mean -= p * (entropy[i] as number);
    variance +=
      p *
      p *
      ((second - first * first) / (all + 1) +
        (columns - 1) / (2 * (all + 1) ** 2) +
        (spread[i] as number));
  }
  for (let i = 0; i < rows; i++) {
    const p = (rowSums[i] as number) / total;
    variance += (p * ((divergence[i] as number) - information) ** 2) / (total + 1);
  }
  return { mean, variance };
}

/** The posterior probability of each column to be the one that a row stands for; 0 in plain parts. */
function standsFor(
  { concentration: b, slips }: Part,
  { columns, total, counts, columnSums }: Table,
  row: number,
): Float64Array {
  const weights = new Float64Array(columns);
  if (slips === 1) return weights;
  const shift = b * (1 - slips);
  for (let j = 0; j < columns; j++) {
    const count = counts[row * columns + j] as number;
    const a = (b * slips * (columnSums[j] as number)) / total;
    weights[j] = rise(a + shift, count) - rise(a, count);
  }
  return softmax(weights);
}

/** ln Γ(a + n) − ln Γ(a). */
function rise(a: number, n: number): number {
  return n === 0 ? 0 : gammaln(a + n) - gammaln(a);
}

/** ln of the mean of exp over `count` values: those given, and 0 for the others. */
function logMeanExp(values: readonly number[], count: number): number {
  const most = values.reduce(
    (m, value) => Math.max(m, value),
    values.length < count ? 0 : -Infinity,
  );
  let sum = (count - values.length) * Math.exp(-most);
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum / count);
}
