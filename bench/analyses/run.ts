// What the analyses promise, measured through the service: batching pays, tests keep their level
// and find dependence, intervals cover known values.
// Run it with: npm run bench -- analyses [<part> …] [--quick]
import { readFile } from 'node:fs/promises';
import { ROOT } from '../../scripts/root.js';
import { type Post, poster } from '../api.js';
import { progress } from '../print.js';
import { type Ask, startMistd, startRival, WORKERS } from '../processes.js';
import { fill, random } from '../random.js';
import { machine, newest, save } from '../results.js';
import { mean, median } from '../stats.js';
import { DEPENDENT, INDEPENDENT } from './pairs.js';
import { reportAnalyses } from './report.js';
import { TRIPLES } from './triples.js';

type Ksg = Ask<{ pairs: [number[], number[]][]; nulls: number }, { p: number[] }>;

type Measures = ReturnType<typeof measuresOf>;

/** The figures of every part. */
export type Analyses = { [Part in keyof Measures]: Awaited<ReturnType<Measures[Part]>> };

/** The part of test/golden/lagged.json that the bench reads. */
interface GoldenLags {
  readonly lag_range: number[];
  readonly autoregressive: GoldenSeries;
  readonly logistic: GoldenSeries;
  readonly folded: GoldenSeries;
}

interface GoldenSeries {
  readonly x: number[];
  readonly y: number[];
  readonly known: { readonly best_lag?: number; readonly lags?: number[] };
  /** KSG's estimate at each lag. */
  readonly ksg: number[];
}

/**
 * @param python with the rivals' packages.
 * @param parts to measure; none for all. The newest saved figures stand in for the others.
 */
export async function benchAnalyses(
  python: string,
  quick: boolean,
  parts: readonly string[],
): Promise<void> {
  const saved = parts.length > 0 ? await newest<Analyses>('analyses') : undefined;
  const { url } = await startMistd();
  const measures = measuresOf(poster(url), startRival(python, 'ksg_test.py'), quick);
  const unknown = parts.find((part) => !Object.hasOwn(measures, part));
  if (unknown) throw new Error(`${unknown} is none of ${Object.keys(measures).join(', ')}`);
  const measured: Record<string, unknown> = {};
  for (const [part, measure] of Object.entries(measures)) {
    if (parts.length === 0 || parts.includes(part)) measured[part] = await measure();
  }
  const results = { ...saved, machine: machine(), ...measured } as Analyses & {
    machine: ReturnType<typeof machine>;
  };
  console.log(reportAnalyses(results));
  if (!quick) await save('analyses', results);
}

function measuresOf(post: Post, ksg: Ksg, quick: boolean) {
  return {
    batching: () => batching(post, quick),
    level: () => level(post, quick),
    power: () => power(post, ksg, quick),
    triples: () => triples(post, quick),
    lagged: () => lagged(post),
    neighbors: () => neighbors(post, quick),
  };
}

/** All pairs of 50 columns of 500 rows in one request, against 1,225 single estimates in a row. */
async function batching(post: Post, quick: boolean) {
  const [columns, rows, rounds] = quick ? [8, 100, 1] : [50, 500, 3];
  const { normal } = random(1);
  const table = Object.fromEntries(
    Array.from({ length: columns }, (_, c) => [`c${c}`, fill(rows, normal)]),
  );
  const pairs = (columns * (columns - 1)) / 2;
  const results: { one: number; plain: number; tested: number; unit: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const singles: number[] = [];
    for (let i = 0; i < 20; i++) {
      singles.push(await duration(() => post('/estimate', { x: table.c0, y: table.c1 })));
    }
    const one = median(singles);
    const pairwise = (permutations: number) =>
      duration(() => post('/estimate/pairwise', { columns: table, permutations }));
    const [plain, tested] = [await pairwise(0), await pairwise(1000)];
    const unit = (one * pairs) / 64;
    progress(
      `pairwise: ${(plain / unit).toFixed(1)} units, with p-values ${(tested / unit).toFixed(1)}`,
    );
    results.push({ one, plain, tested, unit });
  }
  const overRounds = (figure: (result: (typeof results)[number]) => number) =>
    median(results.map(figure));
  return {
    columns,
    rows,
    pairs,
    single_ms: overRounds(({ one }) => one),
    pairwise_ms: overRounds(({ plain }) => plain),
    pairwise_with_p_values_ms: overRounds(({ tested }) => tested),
    times_pairs_over_64: overRounds(({ plain, unit }) => plain / unit),
    with_p_values_times_pairs_over_64: overRounds(({ tested, unit }) => tested / unit),
  };
}

/** How often /estimate/independence calls independent data sets dependent at 5 %. */
async function level(post: Post, quick: boolean) {
  const [sets, rows] = quick ? [20, 40] : [600, 60];
  const results: { name: string; sets: number; rate: number }[] = [];
  for (const [k, { name, draw }] of INDEPENDENT.entries()) {
    const found = await together(sets, (i) =>
      rejects(post, { ...draw(random(1000 * k + i), rows), seed: i }),
    );
    progress(`level: ${name}: ${count(found)} of ${sets}`);
    results.push({ name, sets, rate: count(found) / sets });
  }
  return results;
}

/** How often dependent data sets are found at 5 %, next to KSG on the same data sets. */
async function power(post: Post, ksg: Ksg, quick: boolean) {
  const [sets, rows] = quick ? [10, 60] : [60, 200];
  const results: { name: string; sets: number; rows: number; mistd: number; ksg: number }[] = [];
  for (const [k, { name, draw }] of DEPENDENT.entries()) {
    const pairs = Array.from({ length: sets }, (_, i) => draw(random(5000 * (k + 1) + i), rows));
    const theirs = await ksg({ pairs: pairs.map(({ x, y }) => [x, y]), nulls: 999 });
    const ours = await together(sets, (i) => rejects(post, { ...pairs[i], seed: i }));
    const found = { mistd: count(ours), ksg: count(theirs.p.map((p) => p <= 0.05)) };
    progress(`power: ${name}: ${found.mistd} of ${sets}, KSG ${found.ksg}`);
    results.push({ name, sets, rows, mistd: found.mistd / sets, ksg: found.ksg / sets });
  }
  return results;
}

/** Whether the test of independence rejects at 5 %. */
async function rejects(post: Post, samples: object): Promise<boolean> {
  const { p_value } = await post('/estimate/independence', { ...samples, permutations: 99 });
  return p_value <= 0.05;
}

/**
 * How often 90 % intervals of I(X; Y | Z) cover the known value, and how often the test of
 * conditional independence rejects.
 */
async function triples(post: Post, quick: boolean) {
  const [sets, rows] = quick ? [5, 60] : [60, 300];
  const results: {
    name: string;
    sets: number;
    rows: number;
    coverage: number;
    width: number;
    mean_absolute_error: number;
    rejected: number;
  }[] = [];
  for (const [k, { name, draw }] of TRIPLES.entries()) {
    const answers = await together(sets, async (i) => {
      const { truth, ...sides } = draw(random(9000 * (k + 1) + i), rows);
      const body = { ...sides, permutations: 39, seed: i };
      const {
        estimate,
        interval,
        p_value = Number.NaN,
      } = await post('/estimate/conditional', body);
      return {
        covered: interval.lower <= truth && truth <= interval.upper,
        rejected: p_value <= 0.05,
        width: interval.upper - interval.lower,
        error: Math.abs(estimate - truth),
      };
    });
    const covered = count(answers.map((answer) => answer.covered));
    const rejected = count(answers.map((answer) => answer.rejected));
    progress(`conditional: ${name}: ${covered} of ${sets} covered, ${rejected} rejected`);
    results.push({
      name,
      sets,
      rows,
      coverage: covered / sets,
      width: mean(answers.map(({ width }) => width)),
      mean_absolute_error: mean(answers.map(({ error }) => error)),
      rejected: rejected / sets,
    });
  }
  return results;
}

/** Series of the tests at their best lag: the known value, the service's estimate, and KSG's. */
async function lagged(post: Post) {
  const file = await readFile(`${ROOT}test/golden/lagged.json`, 'utf8');
  const golden = JSON.parse(file) as GoldenLags;
  const best = { autoregressive: 2, logistic: 2, folded: 1 };
  const results: { name: string; lag: number; known: number; mistd: number; ksg: number }[] = [];
  for (const name of ['autoregressive', 'logistic', 'folded'] as const) {
    const { x, y, known, ksg } = golden[name];
    const lag = best[name];
    const at = golden.lag_range.indexOf(lag);
    const reply = await post('/estimate/lagged', { x, y, lags: golden.lag_range, permutations: 0 });
    results.push({
      name,
      lag,
      known: known.best_lag ?? known.lags?.[at] ?? Number.NaN,
      mistd: reply.lags[at]?.estimate ?? Number.NaN,
      ksg: ksg[at] ?? Number.NaN,
    });
  }
  return results;
}

/** How long KSG takes; the better of two runs. */
async function neighbors(post: Post, quick: boolean) {
  const rows = quick ? 1000 : 10_000;
  const results: { method: string; rows: number; dim: number; ms: number }[] = [];
  for (const dim of [1, 2, 3, 5, 8, 16, 32, 64]) {
    const { normal } = random(dim);
    const x = fill(rows, () => fill(dim, normal));
    const y = x.map((row) => row.map((value) => 0.7 * value + 0.7 * normal()));
    for (const method of ['ksg1', 'ksg2']) {
      const times: number[] = [];
      for (let run = 0; run < 2; run++) {
        const { timing } = await post('/estimate/classical', { x, y, methods: [method] });
        times.push(timing.estimate_ms);
      }
      results.push({ method, rows, dim, ms: Math.min(...times) });
    }
  }
  return results;
}

/**
 * Sends requests concurrently, one per thread of the service, so that no thread is idle.
 *
 * @returns the answers in the order of i.
 */
async function together<T>(requests: number, ask: (i: number) => Promise<T>): Promise<T[]> {
  const answers = new Array<T>(requests);
  let next = 0;
  const work = async () => {
    while (next < requests) {
      const i = next++;
      answers[i] = await ask(i);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return answers;
}

/** Milliseconds until a promise resolves. */
async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function count(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length;
}
