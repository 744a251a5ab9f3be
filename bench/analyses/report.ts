// The tables of the bench of the analyses, and whether each target is met.
import { met, table } from '../print.js';
import { mean } from '../stats.js';
import type { Analyses } from './run.js';

export function reportAnalyses({
  batching,
  level,
  power,
  triples,
  lagged,
  neighbors,
}: Analyses): string {
  const { columns, rows, pairs } = batching;
  const fixed = (value: number) => value.toFixed(3);
  const units = batching.times_pairs_over_64;
  const rate = mean(level.map((kind) => kind.rate));
  const found = mean(power.map((kind) => kind.mistd));
  const ksgFound = mean(power.map((kind) => kind.ksg));
  const slowest = Math.max(...neighbors.map(({ ms }) => ms));
  const coverage = mean(triples.map((kind) => kind.coverage));
  return `
Pairwise: ${columns} columns × ${rows} rows, ${pairs} pairs, in units of one estimate × pairs / 64 (wanted: ≤ 20)
${table(
  ['', 'ms', 'units'],
  [
    ['one estimate', batching.single_ms.toFixed(1), ''],
    ['pairwise', batching.pairwise_ms.toFixed(0), batching.times_pairs_over_64.toFixed(1)],
    [
      'pairwise with p-values (1,000 draws)',
      batching.pairwise_with_p_values_ms.toFixed(0),
      batching.with_p_values_times_pairs_over_64.toFixed(1),
    ],
  ],
)}

Independence: share of independent data sets with p ≤ 0.05 (wanted: 0.04 to 0.06 over all kinds)
${table(
  ['kind', 'data sets', 'rate'],
  [
    ...level.map(({ name, sets, rate }) => [name, sets, fixed(rate)]),
    ['all', level.reduce((sum, { sets }) => sum + sets, 0), fixed(rate)],
  ],
)}

Independence: share of dependent data sets with p ≤ 0.05
${table(
  ['kind', 'rows', 'data sets', 'mistd', 'KSG', ''],
  power.map(({ name, rows, sets, mistd, ksg }) => [
    name,
    rows,
    sets,
    fixed(mistd),
    fixed(ksg),
    mistd >= ksg ? '' : 'KSG finds more',
  ]),
)}

Conditional: 90 % intervals of known I(X; Y | Z), and p ≤ 0.05 of the test of conditional independence
${table(
  ['kind', 'rows', 'data sets', 'coverage', 'width', 'mean absolute error', 'rejected'],
  triples.map((kind) => [
    kind.name,
    kind.rows,
    kind.sets,
    fixed(kind.coverage),
    fixed(kind.width),
    fixed(kind.mean_absolute_error),
    fixed(kind.rejected),
  ]),
)}

Lagged: at the true lag, in nats
${table(
  ['series', 'lag', 'known', 'mistd', 'KSG'],
  lagged.map(({ name, lag, known, mistd, ksg }) => [
    name,
    lag,
    fixed(known),
    fixed(mistd),
    fixed(ksg),
  ]),
)}

Classical: KSG, k = 3
${table(
  ['method', 'rows', 'columns', 'ms'],
  neighbors.map(({ method, rows, dim, ms }) => [method, rows, `${dim} + ${dim}`, ms.toFixed(0)]),
)}

Targets
${table(
  ['what', 'wanted', 'measured', ''],
  [
    [`pairwise of ${columns} columns, units`, '≤ 20', units.toFixed(1), met(units <= 20)],
    [
      'independent sets called dependent, all kinds',
      '0.04 to 0.06',
      fixed(rate),
      met(rate >= 0.04 && rate <= 0.06),
    ],
    [
      'dependent sets found, all kinds',
      `≥ KSG's ${fixed(ksgFound)}`,
      fixed(found),
      met(found >= ksgFound),
    ],
    [
      `KSG of ${neighbors[0]?.rows} rows, slowest`,
      '≤ 1000 ms',
      slowest.toFixed(0),
      met(slowest <= 1000),
    ],
    [
      'coverage of 90 % intervals of I(X; Y | Z), all kinds',
      '≥ 0.9',
      fixed(coverage),
      met(coverage >= 0.9),
    ],
  ],
)}`;
}
