// One request of 1,000,000 × 2 normal samples, by each way to send it: seconds by part, and the
// most memory that the service's process ever held. Run it with: npm run bench:large
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { freePort } from '../scripts/free-port.js';

const ROWS = 1_000_000;
const RHO = 0.6;

const { x, y } = samples();
const ways = [
  { name: 'float64', type: 'application/octet-stream', query: `?rows=${ROWS}`, body: raw() },
  {
    name: 'float32',
    type: 'application/octet-stream',
    query: `?rows=${ROWS}&dtype=float32`,
    body: new Uint8Array(Float32Array.from([...chunks(x), ...chunks(y)].flat()).buffer),
  },
  { name: 'CSV', type: 'text/csv', query: '', body: Buffer.from(csv()) },
  { name: 'JSON', type: 'application/json', query: '', body: Buffer.from(json()) },
];

console.log(
  `${ROWS} rows, 1 + 1 columns; truth ${(-0.5 * Math.log(1 - RHO * RHO)).toFixed(4)} nats`,
);
console.log('way      body MB  read s  encode s  model s  in all s  peak MB  estimate');
for (const { name, type, query, body } of ways) {
  const { url, child, stop } = await startService();
  try {
    const response = await fetch(`${url}/estimate${query}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    const reply = /** @type {any} */ (await response.json());
    if (!response.ok) throw new Error(`${reply.code}: ${reply.detail}`);
    const { parse_ms, encode_ms, inference_ms, total_ms } = reply.timing;
    const seconds = [parse_ms, encode_ms, inference_ms, total_ms].map((ms) =>
      (ms / 1000).toFixed(1),
    );
    const [read, encode, model, all] = seconds;
    console.log(
      `${name.padEnd(8)} ${(body.length / 1e6).toFixed(1).padStart(7)}  ${read?.padStart(6)}  ${encode?.padStart(8)}  ${model?.padStart(7)}  ${all?.padStart(8)}  ${String(await peakMegabytes(child)).padStart(7)}  ${reply.estimate.toFixed(4)}`,
    );
  } finally {
    await stop();
  }
}

/** Seeded: Box & Muller on a linear congruential generator (Numerical Recipes). */
function samples() {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const x = Float64Array.from({ length: ROWS }, normal);
  return { x, y: x.map((v) => RHO * v + Math.sqrt(1 - RHO * RHO) * normal()) };
}

function raw() {
  const numbers = new Float64Array(2 * ROWS);
  numbers.set(x);
  numbers.set(y, ROWS);
  return new Uint8Array(numbers.buffer);
}

function csv() {
  const lines = ['x,y'];
  for (let r = 0; r < ROWS; r++) lines.push(`${x[r]},${y[r]}`);
  return lines.join('\n');
}

function json() {
  return `{"x":[${x.join(',')}],"y":[${y.join(',')}]}`;
}

/** @param {Float64Array} values */
function* chunks(values) {
  for (let i = 0; i < values.length; i += 10_000) yield [...values.subarray(i, i + 10_000)];
}

async function startService() {
  const port = await freePort();
  const child = spawn(process.execPath, ['dist/server.js'], {
    env: { ...process.env, PORT: String(port), LOG_LEVEL: 'warn', REQUEST_TIMEOUT_MS: '600000' },
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (ready?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, child, stop };
}

/** @param {import('node:child_process').ChildProcess} child on Linux */
async function peakMegabytes(child) {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /VmHWM:\s+(\d+)/.exec(status)?.[1];
  return kilobytes === undefined ? '–' : Math.round(Number(kilobytes) / 1024);
}
