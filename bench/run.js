// Measures the service beside what it could be compared with, all on this machine and in turns, so
// that what disturbs one disturbs the others too. Run it with: npm run bench [-- --quick], and with
// npm run bench -- analyses [part …] [--quick] for what the analyses promise, or with
// npm run bench -- did [--quick] for preference pairs.
import { fileURLToPath } from 'node:url';
import { ensureVenv } from '../scripts/python.js';
import { reportAnalyses } from './analyses/report.js';
import { measureAnalyses } from './analyses/run.js';
import { makeSamples, nameOf, SHAPES, timing } from './cases.js';
import { benchDid } from './did.js';
import {
  startFastApi,
  startMeasuring,
  startMistd,
  startRival,
  stopAll,
  WORKERS,
} from './processes.js';
import { report } from './report.js';
import { machine, median, newest, save } from './results.js';

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 1 : 5;
const SECONDS = QUICK ? 0.3 : 2;
const CONCURRENCIES = [1, 8];
/** Values that the model's attention reads of a data set, `entries` in training. */
const ENTRIES = 16_384;
const KSG = { k: 3, resamples: 100 };
const HERE = fileURLToPath(new URL('.', import.meta.url));

const python = ensureVenv(
  `${HERE}.venv`,
  [`${HERE}requirements.txt`],
  [['-r', `${HERE}requirements.txt`]],
);
try {
  if (process.argv.includes('analyses')) {
    const after = process.argv.slice(process.argv.indexOf('analyses') + 1);
    const parts = after.filter((argument) => !argument.startsWith('-'));
    const before = parts.length > 0 ? await newest('analyses') : {};
    const measured = await measureAnalyses(python, QUICK, parts);
    const results = { ...before, machine: machine(), ...measured };
    console.log(reportAnalyses(results));
    if (!QUICK) await save('analyses', results);
  } else if (process.argv.includes('did')) {
    await benchDid(python, QUICK);
  } else {
    await benchEstimate();
  }
} finally {
  await stopAll();
}

async function benchEstimate() {
  const { url } = await startMistd();
  const services = {
    mistd: `${url}/estimate`,
    fastapi: await startFastApi(python),
  };
  const bare = startMeasuring('rivals/bare.js');
  const client = startMeasuring('client.js');
  const ksg = startRival(python, 'ksg.py');
  const results = [];
  for (const shape of SHAPES) {
    await checkAgreement(shape, services.mistd, services.fastapi);
    results.push(await measure(shape, { services, bare, client, ksg }));
  }
  const summary = { machine: machine(), settings: settings(), results };
  console.log(report(summary));
  if (!QUICK) await save('', summary);
}

/**
 * @typedef {import('./processes.js').Ask} Ask
 * @typedef {import('./processes.js').Measured} Measured
 * @typedef {{ estimate: number, interval: { lower: number, upper: number } }} Reply
 */

/**
 * One shape: rounds of all rivals in turns; each figure is the median of the rounds, and each
 * ratio the median of the rounds' own ratios.
 *
 * @param {import('./cases.js').Shape} shape
 * @param {{ services: { mistd: string, fastapi: string }, bare: Ask, client: Ask,
 *   ksg: ReturnType<typeof startRival> }} rivals
 */
async function measure(shape, { services, bare, client, ksg }) {
  /** @type {{ loads: { concurrency: number, bare: Measured, mistd: Measured,
   *   fastapi: Measured }[], ksg: { ms: number, way: string } }[]} */
  const rounds = [];
  const samples = makeSamples(shape, 0);
  for (let round = 0; round < ROUNDS; round++) {
    process.stderr.write(`${nameOf(shape)}: round ${round + 1} of ${ROUNDS}\n`);
    const loads = [];
    for (const concurrency of CONCURRENCIES) {
      const load = { shape, concurrency, seconds: SECONDS };
      loads.push({
        concurrency,
        bare: await bare(load),
        mistd: await client({ ...load, url: services.mistd }),
        fastapi: await client({ ...load, url: services.fastapi }),
      });
    }
    rounds.push({ loads, ksg: await ksg({ ...samples, ...KSG }) });
  }
  const ofRounds = (/** @type {(round: typeof rounds[number]) => number} */ figure) =>
    median(rounds.map(figure));
  return {
    shape,
    loads: CONCURRENCIES.map((concurrency, at) => {
      const ratio = (/** @type {(load: typeof rounds[number]['loads'][number]) => number} */ of) =>
        ofRounds(({ loads }) => of(/** @type {typeof loads[number]} */ (loads[at])));
      const pooled = (/** @type {'bare' | 'mistd' | 'fastapi'} */ rival) => {
        const all = rounds.flatMap(({ loads }) => loads[at]?.[rival].times ?? []);
        return {
          ...timing(all, Number.NaN),
          per_second: ratio((load) => load[rival].per_second),
        };
      };
      return {
        concurrency,
        bare: pooled('bare'),
        mistd: pooled('mistd'),
        fastapi: pooled('fastapi'),
        http_latency_over_bare: ratio(({ mistd, bare }) => mistd.p50_ms / bare.p50_ms),
        bare_rate_over_http: ratio(({ mistd, bare }) => bare.per_second / mistd.per_second),
        rate_over_fastapi: ratio(({ mistd, fastapi }) => mistd.per_second / fastapi.per_second),
      };
    }),
    ksg: {
      way: rounds[0]?.ksg.way ?? '',
      ms: ofRounds((round) => round.ksg.ms),
      over_mistd: ofRounds((round) => round.ksg.ms / (round.loads[0]?.mistd.p50_ms ?? 0)),
    },
  };
}

/**
 * Both services must give the same answer before their times are worth comparing.
 *
 * @param {import('./cases.js').Shape} shape
 * @param {...string} urls
 */
async function checkAgreement(shape, ...urls) {
  const body = JSON.stringify(makeSamples(shape, 0));
  const headers = { 'content-type': 'application/json' };
  const [ours, theirs] = /** @type {[Reply, Reply]} */ (
    await Promise.all(
      urls.map(async (url) => (await fetch(url, { method: 'POST', headers, body })).json()),
    )
  );
  // Where the model does not read all of the rows, the service lets chance choose.
  const tolerance = shape.rows * (shape.dim_x + shape.dim_y) > ENTRIES ? 0.1 : 1e-4;
  const figures = (/** @type {Reply} */ { estimate, interval: { lower, upper } }) =>
    [estimate, lower, upper].map((value) => value / Math.max(1, estimate));
  const others = figures(theirs);
  if (!figures(ours).every((value, i) => Math.abs(value - (others[i] ?? 0)) <= tolerance)) {
    const [a, b] = [ours, theirs].map((reply) => JSON.stringify(reply));
    throw new Error(`${nameOf(shape)}: mistd answers ${a}, FastAPI ${b}`);
  }
}

function settings() {
  return {
    rounds: ROUNDS,
    seconds_a_round: SECONDS,
    workers: WORKERS,
    ksg: KSG,
  };
}
