// How close estimates from tables of labels are to the truth, by kind of table and by density.
import { tableQuantiles } from '../../src/discrete/posterior.js';
import { progress, table } from '../print.js';
import { type Machine, machine, save } from '../results.js';
import { OTHER_TABLE_KINDS, TABLE_KINDS, tableCases } from './tables.js';

/** Not the seed that the prior was fitted with. */
const SEED = 20_261;
const TAUS = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975];

export interface DiscreteFigures {
  readonly tables: number;
  /** Mean absolute error of the median, in nats. */
  readonly mae: number;
  /** Coverage of the central intervals of 50, 80, 90 and 95 %. */
  readonly coverage: readonly number[];
  /** Interval score of 90 % (Gneiting & Raftery 2007). */
  readonly interval_score: number;
  /** Share of 90 % intervals that begin at 0. */
  readonly from_zero: number;
}

interface Summary {
  readonly machine: Machine;
  readonly seed: number;
  readonly kinds: Record<string, DiscreteFigures>;
  readonly density: Record<string, DiscreteFigures>;
}

export async function benchDiscrete(quick: boolean): Promise<void> {
  const perKind = quick ? 5 : 250;
  const kinds = new Map<string, Tally>();
  const density = new Map<string, Tally>();
  for (const [group, names] of [
    ['like those of the prior', TABLE_KINDS],
    ['other', OTHER_TABLE_KINDS],
  ] as const) {
    progress(`${perKind} tables of each kind: ${names.join(', ')}`);
    for (const { kind, table, information } of tableCases(SEED, perKind, names)) {
      const quantiles = tableQuantiles(table, TAUS);
      const perCell = table.total / (table.rows * table.columns);
      tallyOf(kinds, kind).add(quantiles, information);
      tallyOf(kinds, `all ${group}`).add(quantiles, information);
      tallyOf(density, `${group}, ${densityBand(perCell)}`).add(quantiles, information);
    }
  }
  const summary: Summary = {
    machine: machine(),
    seed: SEED,
    kinds: figuresOf(kinds),
    density: figuresOf(density),
  };
  console.log(report(summary.kinds));
  console.log(report(summary.density));
  if (!quick) await save('discrete', summary);
}

function densityBand(perCell: number): string {
  if (perCell < 0.5) return 'under 0.5 rows per cell';
  if (perCell < 2) return '0.5 to 2 rows per cell';
  return perCell < 10 ? '2 to 10 rows per cell' : 'over 10 rows per cell';
}

function report(figures: Record<string, DiscreteFigures>): string {
  const rows = Object.entries(figures).map(([name, one]) => [
    name,
    one.tables,
    one.mae.toFixed(4),
    ...one.coverage.map((share) => share.toFixed(2)),
    one.interval_score.toFixed(3),
    one.from_zero.toFixed(2),
  ]);
  const header = ['tables', 'n', 'MAE', '50 %', '80 %', '90 %', '95 %', 'score', 'from 0'];
  return `\n${table(header, rows)}`;
}

class Tally {
  readonly #errors: number[] = [];
  readonly #scores: number[] = [];
  readonly #covered = [0, 0, 0, 0];
  #zeros = 0;

  add(quantiles: Float64Array, truth: number): void {
    const q = (k: number) => quantiles[k] as number;
    this.#errors.push(Math.abs(q(4) - truth));
    [
      [3, 5],
      [2, 6],
      [1, 7],
      [0, 8],
    ].forEach(([low = 0, high = 0], level) => {
      // Rounding alone must not count as a miss.
      if (q(low) - 1e-9 > truth || q(high) + 1e-9 < truth) return;
      this.#covered[level] = (this.#covered[level] as number) + 1;
    });
    const misses = Math.max(0, q(1) - truth) + Math.max(0, truth - q(7));
    this.#scores.push(q(7) - q(1) + 20 * misses);
    if (q(1) === 0) this.#zeros++;
  }

  figures(): DiscreteFigures {
    const tables = this.#errors.length;
    const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / tables;
    return {
      tables,
      mae: mean(this.#errors),
      coverage: this.#covered.map((count) => count / tables),
      interval_score: mean(this.#scores),
      from_zero: this.#zeros / tables,
    };
  }
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const tally = tallies.get(name) ?? new Tally();
  tallies.set(name, tally);
  return tally;
}

function figuresOf(tallies: Map<string, Tally>): Record<string, DiscreteFigures> {
  return Object.fromEntries([...tallies].map(([name, tally]) => [name, tally.figures()]));
}
