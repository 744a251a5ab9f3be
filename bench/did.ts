// A million preference pairs in one request to POST /did/pairs next to a NumPy script that computes
// the same figures, in turns on one machine. Run it with: npm run bench -- did [--quick]
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PairsReply } from '../src/routes/did/pairs/schema.js';
import { memoryMb } from './memory.js';
import { progress, table, times } from './print.js';
import { type Ask, startMistd, startRival } from './processes.js';
import { random } from './random.js';
import { machine, save } from './results.js';
import { median, percentiles } from './stats.js';

const BETA = 0.1;
const MEDIA_TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' };
const FORMATS = ['csv', 'ndjson'] as const;
const COLUMNS = ['chosen_logps', 'rejected_logps', 'ref_chosen_logps', 'ref_rejected_logps'];

type Format = (typeof FORMATS)[number];

interface NumpyTask {
  readonly path: string;
  readonly format: Format;
  readonly beta: number;
}

interface NumpyAnswer {
  readonly ms: number;
  readonly figures: Readonly<Record<string, number | readonly number[]>>;
}

/** Percentiles of latencies in milliseconds. */
interface Waits {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Result {
  readonly format: Format;
  readonly pairs: number;
  readonly megabytes: number;
  readonly mistd_ms: number;
  readonly numpy_ms: number;
  readonly numpy_over_mistd: number;
  readonly idle_rss_mb: number;
  readonly peak_rss_mb: number;
  readonly wait_idle_ms: Waits;
  readonly wait_meanwhile_ms: Waits;
}

/** @param python with NumPy. */
export async function benchDid(python: string, quick: boolean): Promise<void> {
  const pairs = quick ? 20_000 : 1_000_000;
  const rounds = quick ? 1 : 3;
  const folder = await mkdtemp(join(tmpdir(), 'mistd-bench-'));
  try {
    const { url, child } = await startMistd({ REQUEST_TIMEOUT_MS: '600000' });
    const numpy: Ask<NumpyTask, NumpyAnswer> = startRival(python, 'did_pairs.py');
    const results: Result[] = [];
    for (const format of FORMATS) {
      const path = join(folder, `pairs.${format}`);
      await pipeline(rows(pairs, format), createWriteStream(path));
      const idle = memoryMb(child, 'VmRSS');
      const taken: { ours: number; theirs: number }[] = [];
      for (let round = 0; round < rounds; round++) {
        progress(`${format}: round ${round + 1} of ${rounds}`);
        const start = performance.now();
        const reply = await post(url, path, format);
        const ours = performance.now() - start;
        const { ms: theirs, figures } = await numpy({ path, format, beta: BETA });
        checkAgreement(reply, figures);
        taken.push({ ours, theirs });
      }
      // Outside the rounds, since the health requests take time as well.
      const meanwhile = await waits(url, post(url, path, format));
      results.push({
        format,
        pairs,
        megabytes: statSync(path).size / 1e6,
        mistd_ms: median(taken.map(({ ours }) => ours)),
        numpy_ms: median(taken.map(({ theirs }) => theirs)),
        numpy_over_mistd: median(taken.map(({ ours, theirs }) => theirs / ours)),
        idle_rss_mb: idle,
        peak_rss_mb: memoryMb(child, 'VmHWM'),
        wait_idle_ms: await waits(url, sleep(quick ? 300 : 5000)),
        wait_meanwhile_ms: meanwhile,
      });
    }
    console.log(report(results));
    if (!quick) {
      await save('did', { machine: machine(), settings: { rounds, beta: BETA }, results });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Lines of a file with pairs of at most 200,000 prompts. */
function* rows(count: number, format: Format): Generator<string> {
  const { normal } = random(1);
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

/** Streams a file to the service. */
function post(url: string, path: string, format: Format): Promise<PairsReply> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': MEDIA_TYPES[format],
      'content-length': statSync(path).size,
    };
    const options = { method: 'POST', headers };
    const sent = request(`${url}/did/pairs?beta=${BETA}`, options, async (reply) => {
      const body = await json(reply);
      if (reply.statusCode === 200) resolve(body as PairsReply);
      else reject(new Error(JSON.stringify(body)));
    });
    pipeline(createReadStream(path), sent).catch(reject);
  });
}

/** Latency of GET /health/live, asked repeatedly until a promise settles. */
async function waits(url: string, until: Promise<unknown>): Promise<Waits> {
  const taken: number[] = [];
  let done = false;
  const settled = () => {
    done = true;
  };
  until.then(settled, settled);
  while (!done) {
    const start = performance.now();
    await (await fetch(`${url}/health/live`)).text();
    taken.push(performance.now() - start);
    await sleep(2);
  }
  const [p50 = Number.NaN, p99 = Number.NaN, max = Number.NaN] = percentiles(taken, [0.5, 0.99, 1]);
  return { p50, p99, max };
}

/** @throws Error when a figure differs in the first eight digits. */
function checkAgreement(ours: PairsReply, theirs: NumpyAnswer['figures']): void {
  const own = ourFigures(ours);
  for (const [name, expected] of Object.entries(theirs)) {
    const wanted = [expected].flat();
    const values = own[name] ?? [];
    wanted.forEach((figure, i) => {
      const value = values[i] ?? Number.NaN;
      if (!(Math.abs(value - figure) <= 1e-8 * Math.max(1e-3, Math.abs(figure)))) {
        throw new Error(`${name}: mistd answers ${value}, NumPy ${figure}`);
      }
    });
  }
}

/** The reply's figures under the names of the NumPy script: mean, standard error, bounds. */
function ourFigures(reply: PairsReply): Record<string, (number | null)[]> {
  const { ties, preference_probability, beta_fit: fit } = reply;
  const information = reply.information.nats;
  const means = {
    ...reply.metrics,
    ...reply.displacement,
    ties,
    preference_probability,
    information,
  };
  return {
    ...Object.fromEntries(
      Object.entries(means).map(([name, { mean, standard_error, lower, upper }]) => [
        name,
        [mean, standard_error, lower, upper],
      ]),
    ),
    beta_fit: [fit.beta, fit.standard_error, fit.clustered_standard_error],
    fitted_loss: [fit.loss],
    expected_error: [reply.calibration.expected_error],
  };
}

function report(results: readonly Result[]): string {
  return `POST /did/pairs, streamed, next to NumPy on the same file
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
    times(r.numpy_over_mistd),
    r.idle_rss_mb.toFixed(0),
    r.peak_rss_mb.toFixed(0),
    `${r.wait_meanwhile_ms.p99.toFixed(0)} (${r.wait_idle_ms.p99.toFixed(0)}) ms`,
  ]),
)}`;
}
