// What the analyses promise, measured through the service: that batching pays, that tests keep
// their level and find what is there, that intervals cover what is known.
// Run it with: npm run bench -- analyses [part …] [--quick]
import { readFile } from 'node:fs/promises';
import { startMistd, startRival, WORKERS } from '../processes.js';
import { median } from '../results.js';
import { DEPENDENT, INDEPENDENT, random } from './pairs.js';
import { mean } from './report.js';
import { TRIPLES } from './triples.js';

/**
 * @param {string} python with the rivals' packages.
 * @param {boolean} quick only shows that everything runs.
 * @param {readonly string[]} parts to measure; none for all.
 * @returns {Promise<Partial<Analyses>>} the figures of these parts
 */
export async function measureAnalyses(python, quick, parts) {
  const all = measures(poster((await startMistd()).url), startRival(python, 'ksg_test.py'), quick);
  const unknown = parts.find((part) => !(part in all));
  if (unknown) throw new Error(`${unknown} is none of ${Object.keys(all).join(', ')}`);
  /** @type {Record<string, unknown>} */
  const results = {};
  for (const [part, measure] of Object.entries(all)) {
    if (parts.length === 0 || parts.includes(part)) results[part] = await measure();
  }
  return results;
}

/**
 * @param {Post} post
 * @param {ReturnType<typeof startRival>} ksg
 * @param {boolean} quick
 */
function measures(post, ksg, quick) {
  return {
    batching: () => batching(post, quick),
    level: () => level(post, quick),
    power: () => power(post, ksg, quick),
    triples: () => triples(post, quick),
    lagged: () => lagged(post),
    neighbors: () => neighbors(post, quick),
  };
}

/** @typedef {ReturnType<typeof measures>} Measures */
/** @typedef {{ [Part in keyof Measures]: Awaited<ReturnType<Measures[Part]>> }} Analyses */
/** @typedef {(path: string, body: object) => Promise<any>} Post */

/**
 * 50 columns of 500 rows: 1,225 pairs, beside as many single estimates one after the other.
 *
 * @param {Post} post
 * @param {boolean} quick
 */
async function batching(post, quick) {
  const [columns, rows, rounds] = quick ? [8, 100, 1] : [50, 500, 3];
  const { normal } = random(1);
  const table = Object.fromEntries(
    Array.from({ length: columns }, (_, c) => [`c${c}`, Array.from({ length: rows }, normal)]),
  );
  const pairs = (columns * (columns - 1)) / 2;
  /** @type {{ one: number, plain: number, tested: number, over: number, tested_over: number }[]} */
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const singles = [];
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      await post('/estimate', { x: table.c0, y: table.c1 });
      singles.push(performance.now() - start);
    }
    const one = median(singles);
    const time = async (/** @type {number} */ permutations) => {
      const start = performance.now();
      await post('/estimate/pairwise', { columns: table, permutations });
      return performance.now() - start;
    };
    const [plain, tested] = [await time(0), await time(1000)];
    const unit = (one * pairs) / 64;
    progress(`pairwise: ${plain / unit} units, with p-values ${tested / unit}`);
    results.push({ one, plain, tested, over: plain / unit, tested_over: tested / unit });
  }
  const of = (/** @type {(result: typeof results[number]) => number} */ figure) =>
    median(results.map(figure));
  return {
    columns,
    rows,
    pairs,
    single_ms: of(({ one }) => one),
    pairwise_ms: of(({ plain }) => plain),
    pairwise_with_p_values_ms: of(({ tested }) => tested),
    times_pairs_over_64: of(({ over }) => over),
    with_p_values_times_pairs_over_64: of((result) => result.tested_over),
  };
}

/**
 * How often independent data sets are called dependent at 5 %, by /estimate/independence.
 *
 * @param {Post} post
 * @param {boolean} quick
 */
async function level(post, quick) {
  const [sets, rows] = quick ? [20, 40] : [600, 60];
  const results = [];
  for (const [k, { name, draw }] of INDEPENDENT.entries()) {
    const found = await together(sets, async (i) => {
      const body = { ...draw(random(1000 * k + i), rows), permutations: 99, seed: i };
      const { p_value } = await post('/estimate/independence', body);
      return p_value <= 0.05;
    });
    const rejected = found.filter(Boolean).length;
    progress(`level: ${name}: ${rejected} of ${sets}`);
    results.push({ name, sets, rate: rejected / sets });
  }
  return results;
}

/**
 * How often dependent data sets are found at 5 %, beside KSG on the same data sets.
 *
 * @param {Post} post
 * @param {(task: object) => Promise<any>} ksg
 * @param {boolean} quick
 */
async function power(post, ksg, quick) {
  const [sets, rows] = quick ? [10, 60] : [60, 200];
  const results = [];
  for (const [k, { name, draw }] of DEPENDENT.entries()) {
    const pairs = Array.from({ length: sets }, (_, i) => draw(random(5000 * (k + 1) + i), rows));
    const theirs = await ksg({ pairs: pairs.map(({ x, y }) => [x, y]), nulls: 999 });
    const ours = await together(sets, async (i) => {
      const body = { ...pairs[i], permutations: 99, seed: i };
      const { p_value } = await post('/estimate/independence', body);
      return p_value <= 0.05;
    });
    const found = ours.filter(Boolean).length;
    const rate = (/** @type {number} */ count) => count / sets;
    const ksgFound = theirs.p.filter((/** @type {number} */ p) => p <= 0.05).length;
    progress(`power: ${name}: ${found} of ${sets}, KSG ${ksgFound}`);
    results.push({ name, sets, rows, mistd: rate(found), ksg: rate(ksgFound) });
  }
  return results;
}

/**
 * How often 90 % intervals of I(X; Y | Z) cover what is known, and how often the test of
 * conditional independence rejects.
 *
 * @param {Post} post
 * @param {boolean} quick
 */
async function triples(post, quick) {
  const [sets, rows] = quick ? [5, 60] : [60, 300];
  const results = [];
  for (const [k, { name, draw }] of TRIPLES.entries()) {
    const answers = await together(sets, async (i) => {
      const { truth, ...sides } = draw(random(9000 * (k + 1) + i), rows);
      const body = { ...sides, permutations: 39, seed: i };
      const { estimate, interval, p_value } = await post('/estimate/conditional', body);
      return {
        covered: interval.lower <= truth && truth <= interval.upper,
        rejected: p_value <= 0.05,
        width: interval.upper - interval.lower,
        error: Math.abs(estimate - truth),
      };
    });
    const covered = answers.filter((answer) => answer.covered).length;
    const rejected = answers.filter((answer) => answer.rejected).length;
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

/**
 * The series of the tests: what is known at their best lag, the service, and KSG.
 *
 * @param {Post} post
 */
async function lagged(post) {
  const file = new URL('../../test/golden/lagged.json', import.meta.url);
  const golden = JSON.parse(await readFile(file, 'utf8'));
  const results = [];
  for (const [name, best] of /** @type {[string, number][]} */ ([
    ['autoregressive', 2],
    ['logistic', 2],
    ['folded', 1],
  ])) {
    const { x, y, known, ksg } = golden[name];
    const at = golden.lag_range.indexOf(best);
    const reply = await post('/estimate/lagged', { x, y, lags: golden.lag_range, permutations: 0 });
    results.push({
      name,
      lag: best,
      known: known.best_lag ?? known.lags[at],
      mistd: reply.lags[at].estimate,
      ksg: ksg[at],
    });
  }
  return results;
}

/**
 * How long KSG takes, the better of two runs.
 *
 * @param {Post} post
 * @param {boolean} quick
 */
async function neighbors(post, quick) {
  const rows = quick ? 1000 : 10_000;
  const results = [];
  for (const dim of [1, 2, 3, 5, 8, 16, 32, 64]) {
    const { normal } = random(dim);
    const x = Array.from({ length: rows }, () => Array.from({ length: dim }, normal));
    const y = x.map((row) => row.map((value) => 0.7 * value + 0.7 * normal()));
    for (const method of ['ksg1', 'ksg2']) {
      const body = { x, y, methods: [method] };
      const times = [];
      for (let run = 0; run < 2; run++) {
        const { timing } = await post('/estimate/classical', body);
        times.push(timing.estimate_ms);
      }
      results.push({ method, rows, dim, ms: Math.min(...times) });
    }
  }
  return results;
}

/**
 * @param {string} url of the service
 * @returns {Post}
 */
function poster(url) {
  return async (path, body) => {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const reply = /** @type {any} */ (await response.json());
    if (!response.ok) throw new Error(`${path}: ${reply.detail}`);
    return reply;
  };
}

/**
 * Asks for many things, as many at once as the service has threads: one request at a time would
 * leave all but one of them idle.
 *
 * @template T
 * @param {number} count
 * @param {(i: number) => Promise<T>} ask
 * @returns {Promise<T[]>} in the order of i.
 */
async function together(count, ask) {
  /** @type {T[]} */
  const answers = new Array(count);
  let next = 0;
  const work = async () => {
    while (next < count) {
      const i = next++;
      answers[i] = await ask(i);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return answers;
}

/** @param {string} text */
function progress(text) {
  process.stderr.write(`${text}\n`);
}
