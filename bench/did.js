// A million preference pairs in one request of POST /did/pairs beside a NumPy script of the same
// figures, in turns on this machine. Run it with: npm run bench -- did [--quick]
import { createReadStream, createWriteStream, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { normals } from './cases.js';
import { startMistd, startRival } from './processes.js';
import { machine, median, save } from './results.js';
import { table } from './table.js';

const BETA = 0.1;
const FORMATS = /** @type {const} */ ({ csv: 'text/csv', ndjson: 'application/x-ndjson' });
const COLUMNS = ['chosen_logps', 'rejected_logps', 'ref_chosen_logps', 'ref_rejected_logps'];

/** @typedef {keyof typeof FORMATS} Format */
/** @typedef {{ mean: number, standard_error: number }} Mean */
/** @typedef {{ p50: number, p99: number, max: number }} Waits */

/**
 * @param {string} python with NumPy.
 * @param {boolean} quick
 */
export async function benchDid(python, quick) {
  const pairs = quick ? 20_000 : 1_000_000;
  const rounds = quick ? 1 : 3;
  const folder = await mkdtemp(join(tmpdir(), 'mistd-bench-'));
  try {
    const service = await startMistd({ REQUEST_TIMEOUT_MS: '600000' });
    const numpy = startRival(python, 'did_pairs.py');
    const results = [];
    for (const format of /** @type {Format[]} */ (Object.keys(FORMATS))) {
      const path = join(folder, `pairs.${format}`);
      await pipeline(rows(pairs, format), createWriteStream(path));
      const idle = memory(service.pid, 'VmRSS');
      const times = [];
      for (let round = 0; round < rounds; round++) {
        process.stderr.write(`${format}: round ${round + 1} of ${rounds}\n`);
        const start = performance.now();
        const ours = await post(`${service.url}/did/pairs?beta=${BETA}`, path, format);
        const ms = performance.now() - start;
        const theirs = await numpy({ path, format, beta: BETA });
        checkAgreement(ours, theirs.figures);
        times.push({ mistd_ms: ms, numpy_ms: theirs.ms, ratio: theirs.ms / ms });
      }
      // Apart from the rounds: asking costs time too.
      const again = post(`${service.url}/did/pairs?beta=${BETA}`, path, format);
      const meanwhile = percentiles(await waits(service.url, again));
      const idleWaits = percentiles(await waits(service.url, sleep(quick ? 300 : 5000)));
      results.push({
        format,
        pairs,
        megabytes: statSync(path).size / 1e6,
        mistd_ms: median(times.map(({ mistd_ms }) => mistd_ms)),
        numpy_ms: median(times.map(({ numpy_ms }) => numpy_ms)),
        numpy_over_mistd: median(times.map(({ ratio }) => ratio)),
        idle_rss_mb: idle,
        peak_rss_mb: memory(service.pid, 'VmHWM'),
        wait_idle_ms: idleWaits,
        wait_meanwhile_ms: meanwhile,
      });
    }
    console.log(report(results));
    if (!quick)
      await save('did', { machine: machine(), settings: { rounds, beta: BETA }, results });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Pairs of two hundred thousand prompts, as their file has them.
 *
 * @param {number} count
 * @param {Format} format
 */
function* rows(count, format) {
  const normal = normals(1);
  if (format === 'csv') yield `prompt_id,${COLUMNS.join(',')}\n`;
  for (let i = 0; i < count; i++) {
    const prompt = `p${(i * 7919) % 200_000}`;
    const [a, b] = [-Math.abs(120 + 30 * normal()), -Math.abs(120 + 30 * normal())];
    const won = Math.min(0, a + 0.5 + 4 * normal());
    const lost = Math.min(0, b - 1 + 4 * normal());
    const cells = [won, lost, a, b].map((value) => value.toFixed(4));
    yield format === 'csv'
      ? `${prompt},${cells.join(',')}\n`
      : `{"prompt_id": "${prompt}", ${COLUMNS.map((name, c) => `"${name}": ${cells[c]}`).join(', ')}}\n`;
  }
}

/**
 * Streams a file to the service.
 *
 * @param {string} url
 * @param {string} path
 * @param {Format} format
 * @returns {Promise<any>}
 */
function post(url, path, format) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': FORMATS[format], 'content-length': statSync(path).size };
    const sent = request(url, { method: 'POST', headers }, async (reply) => {
      let text = '';
      for await (const chunk of reply.setEncoding('utf8')) text += chunk;
      if (reply.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(text));
    });
    pipeline(createReadStream(path), sent).catch(reject);
  });
}

/**
 * How long GET /health/live takes, asked again and again until something is done: what a long
 * request costs others.
 *
 * @param {string} url
 * @param {Promise<unknown>} until
 */
async function waits(url, until) {
  const times = [];
  let done = false;
  const settled = () => {
    done = true;
  };
  until.then(settled, settled);
  while (!done) {
    const start = performance.now();
    await (await fetch(`${url}/health/live`)).text();
    times.push(performance.now() - start);
    await sleep(2);
  }
  return times;
}

/** @param {number[]} times */
function percentiles(times) {
  const sorted = times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/**
 * @param {any} ours
 * @param {Record<string, number | number[]>} theirs
 */
function checkAgreement(ours, theirs) {
  const { metrics, displacement, information, beta_fit, calibration, ...rest } = ours;
  const means = { ...rest, ...displacement, ...metrics, information: information.nats };
  const pairs = Object.entries(theirs).flatMap(([name, expected]) => {
    const mean = /** @type {Mean} */ (means[name]);
    /** @type {Record<string, number[]>} */
    const special = {
      beta_fit: [beta_fit.beta, beta_fit.standard_error, beta_fit.clustered_standard_error],
      fitted_loss: [beta_fit.loss],
      expected_error: [calibration.expected_error],
    };
    const actual = special[name] ?? [mean.mean, mean.standard_error];
    return actual.map((value, i) => ({ name, value, wanted: Number([expected].flat()[i]) }));
  });
  for (const { name, value, wanted } of pairs) {
    if (!(Math.abs(value - wanted) <= 1e-8 * Math.max(1e-3, Math.abs(wanted)))) {
      throw new Error(`${name}: mistd answers ${value}, NumPy ${wanted}`);
    }
  }
}

/**
 * Megabytes from Linux's account of a process; NaN elsewhere.
 *
 * @param {number} pid
 * @param {'VmRSS' | 'VmHWM'} which now, or at most so far.
 */
function memory(pid, which) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** @param {{ format: string, pairs: number, megabytes: number, mistd_ms: number, numpy_ms: number,
 *   numpy_over_mistd: number, idle_rss_mb: number, peak_rss_mb: number,
 *   wait_idle_ms: Waits, wait_meanwhile_ms: Waits }[]} results */
function report(results) {
  return `POST /did/pairs, streamed, beside NumPy on the same file
${table(
  [
    'body',
    'pairs',
    'MB',
    'mistd',
    'NumPy',
    'NumPy / mistd',
    'idle MB',
    'peak MB',
    'others wait (idle)',
  ],
  results.map((r) => [
    r.format,
    r.pairs,
    r.megabytes.toFixed(0),
    `${(r.mistd_ms / 1000).toFixed(2)} s`,
    `${(r.numpy_ms / 1000).toFixed(2)} s`,
    `${r.numpy_over_mistd.toPrecision(3)} ×`,
    r.idle_rss_mb.toFixed(0),
    r.peak_rss_mb.toFixed(0),
    `${r.wait_meanwhile_ms.p99.toFixed(0)} (${r.wait_idle_ms.p99.toFixed(0)}) ms`,
  ]),
)}`;
}
