// Estimates, through the service, how much each measurement of 442 diabetes patients says about
// the progression of their disease a year later. Run it with: npm run demo
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { freePort } from '../scripts/free-port.js';

const ROOT = new URL('..', import.meta.url);
const BAR = 32;

const columns = parseCsv(await readFile(new URL('diabetes.csv', import.meta.url), 'utf8'));
const { target, ...features } = columns;
const { url, stop } = await startService();
try {
  const rows = [];
  for (const [name, x] of Object.entries(features)) rows.push({ name, ...(await estimate(x)) });
  const joint = features.bmi?.map((bmi, r) => [bmi, features.bp?.[r]]);
  rows.push({ name: 'bmi, bp', ...(await estimate(joint)) });
  print(rows);
} finally {
  await stop();
}

/**
 * @param {unknown} x one side of the request; the other is the target.
 * @returns {Promise<Omit<Reply, 'name'>>}
 */
async function estimate(x) {
  const response = await fetch(`${url}/estimate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ x, y: target }),
  });
  const body = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Error(`${body.code}: ${body.detail}`);
  return body;
}

/**
 * @typedef {{ name: string, estimate: number, interval: { lower: number, upper: number },
 *   samples: { rows: number }, model: { id: string, version: string },
 *   warnings: { code: string }[] }} Reply what of a reply the table shows
 *
 * @param {Reply[]} rows
 */
function print(rows) {
  const { samples, model } = /** @type {Reply} */ (rows[0]);
  const scale = BAR / Math.max(...rows.map(({ interval }) => interval.upper));
  console.log(`
Mutual information with disease progression, ${samples.rows} patients, in nats
(model ${model.id} ${model.version}; see examples/README.md for the data)

  ${'measured'.padEnd(9)} estimate  90 % interval   0${' '.repeat(BAR - 5)}${(BAR / scale).toFixed(2)}  warnings`);
  for (const { name, estimate, interval, warnings } of rows) {
    const { lower, upper } = interval;
    const cells = (/** @type {number} */ value) => Math.round(value * scale);
    const drawn = '█'.repeat(cells(lower)).padEnd(cells(estimate), '▓').padEnd(cells(upper), '░');
    const codes = warnings.map(({ code }) => code).join(', ');
    console.log(
      `  ${name.padEnd(9)} ${estimate.toFixed(3).padStart(8)}  ${lower.toFixed(3)} … ${upper.toFixed(3)}   ${drawn.padEnd(BAR)}  ${codes}`.trimEnd(),
    );
  }
  console.log(`
  █ up to the interval's lower end, ▓ up to the estimate, ░ up to the upper end

Keep it running: npm start
Then: http://127.0.0.1:3000/docs describes every route and lets you try it,
      curl http://127.0.0.1:3000/estimate -H 'content-type: application/json' \\
        -d '{"x": [1, 2, 3, 4, 5, 6, 7, 8], "y": [2, 1, 4, 3, 6, 5, 8, 7]}'
`);
}

/** Starts the built service on a free port, as npm start does, and waits until it is ready. */
async function startService() {
  const port = await freePort();
  const child = spawn(process.execPath, ['dist/server.js'], {
    cwd: ROOT,
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'error' },
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (ready?.ok) break;
    const reasons = ready ? JSON.stringify(await ready.json()) : 'it does not listen yet';
    if (child.exitCode !== null || !/loading|yet/.test(reasons)) {
      child.kill();
      throw new Error(`The service did not get ready: ${reasons}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/**
 * Columns by name of a CSV file of numbers with a header.
 *
 * @param {string} text
 * @returns {Record<string, number[]>}
 */
function parseCsv(text) {
  const [header = '', ...lines] = text.trim().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  return Object.fromEntries(
    header.split(',').map((name, c) => [name, rows.map((row) => /** @type {number} */ (row[c]))]),
  );
}
