// Fits the prior weights of the mixture for tables of labels by expectation maximization, and
// prints them as src/discrete/parts.ts has them. Run it with: npm run fit:tables
import { tableCases } from '../bench/discrete/tables.js';
import { logEvidence, type Part } from '../src/discrete/parts.js';
import { TEMPER } from '../src/discrete/posterior.js';
import { transposed } from '../src/discrete/table.js';

const SEED = 1001;
const TABLES_PER_KIND = 700;
const ITERATIONS = 300;
/** Parts of less weight are left out. */
const LEAST = 4e-4;

const CONCENTRATIONS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000];
const SLIPS = [0.003, 0.01, 0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.4, 0.5, 0.7];
const parts: Omit<Part, 'prior'>[] = [
  ...CONCENTRATIONS.map((concentration) => ({ slips: 1, concentration })),
  ...SLIPS.flatMap((slips) =>
    [3, 30, 300, 3000].map((concentration) => ({ slips, concentration })),
  ),
];

const evidence = [...tableCases(SEED, TABLES_PER_KIND)].map(({ table }) => {
  const sides = [table, transposed(table)];
  return parts.map((part) =>
    sides.map((side) => TEMPER * logEvidence({ ...part, prior: 0 }, side)),
  );
});

let weights = parts.map(() => 0.25 / parts.length);
let independence = 0.5;
for (let i = 0; i < ITERATIONS; i++) {
  const next = parts.map(() => 0);
  let none = 0;
  for (const ofTable of evidence) {
    const logs = ofTable.map((sides, p) => sides.map((e) => Math.log(weights[p] as number) + e));
    const most = Math.max(Math.log(independence), ...logs.flat());
    const own = Math.exp(Math.log(independence) - most);
    const shares = logs.map((sides) => sides.reduce((sum, log) => sum + Math.exp(log - most), 0));
    const total = shares.reduce((sum, share) => sum + share, own);
    none += own / total;
    shares.forEach((share, p) => {
      next[p] = (next[p] as number) + share / total;
    });
  }
  independence = none / evidence.length;
  // Half to the table and half to its transpose.
  weights = next.map((weight) => Math.max(1e-12, weight / evidence.length / 2));
}

console.log(`independence: ${independence.toFixed(3)}`);
parts.forEach(({ slips, concentration }, p) => {
  const weight = weights[p] as number;
  if (weight < LEAST) return;
  const call = slips === 1 ? `plain(${concentration}` : `slip(${slips}, ${concentration}`;
  console.log(`${call}, ${weight.toFixed(4)}),`);
});
