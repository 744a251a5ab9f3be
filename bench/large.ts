// One request with 1,000,000 rows of two normal columns, in each format: seconds by part, and the
// peak memory of the service's process. Run it with: npm run bench:large

import { endProcess, startService } from '../scripts/start-service.js';
import type { EstimateReply } from '../src/routes/estimate/schema.js';
import { send } from './api.js';
import { memoryMb } from './memory.js';
import { progress, table } from './print.js';
import { random } from './random.js';

const ROWS = 1_000_000;
const RHO = 0.6;
const TRUTH = -0.5 * Math.log(1 - RHO * RHO);

interface Format {
  readonly name: string;
  readonly type: string;
  readonly query?: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

const { normal } = random(1);
const x = Float64Array.from({ length: ROWS }, normal);
const y = x.map((value) => RHO * value + Math.sqrt(1 - RHO * RHO) * normal());
const raw = { type: 'application/octet-stream', query: `?rows=${ROWS}` };
const formats: readonly Format[] = [
  { ...raw, name: 'float64', body: float64() },
  { ...raw, name: 'float32', query: `${raw.query}&dtype=float32`, body: float32() },
  { name: 'CSV', type: 'text/csv', body: Buffer.from(csv()) },
  { name: 'JSON', type: 'application/json', body: Buffer.from(json()) },
];

const rows: string[][] = [];
for (const format of formats) {
  progress(format.name);
  rows.push(await measure(format));
}
console.log(`${ROWS} rows, 1 + 1 columns; truth ${TRUTH.toFixed(4)} nats`);
console.log(
  table(
    ['format', 'body MB', 'read s', 'encode s', 'model s', 'total s', 'peak MB', 'estimate'],
    rows,
  ),
);

/** Sends one request to a fresh service, so that the peak memory is that of this request. */
async function measure({ name, type, query = '', body }: Format): Promise<string[]> {
  const { url, child } = await startService({ REQUEST_TIMEOUT_MS: '600000' });
  try {
    const reply = await send<EstimateReply>(`${url}/estimate${query}`, { type, body });
    const { parse_ms, encode_ms, inference_ms, total_ms } = reply.timing;
    return [
      name,
      (body.length / 1e6).toFixed(1),
      ...[parse_ms, encode_ms, inference_ms, total_ms].map((ms) => (ms / 1000).toFixed(1)),
      memoryMb(child, 'VmHWM').toFixed(0),
      reply.estimate.toFixed(4),
    ];
  } finally {
    await endProcess(child);
  }
}

function float64(): Uint8Array<ArrayBuffer> {
  const numbers = new Float64Array(2 * ROWS);
  numbers.set(x);
  numbers.set(y, ROWS);
  return new Uint8Array(numbers.buffer);
}

function float32(): Uint8Array<ArrayBuffer> {
  const numbers = new Float32Array(2 * ROWS);
  numbers.set(x);
  numbers.set(y, ROWS);
  return new Uint8Array(numbers.buffer);
}

function csv(): string {
  const lines = ['x,y'];
  for (let r = 0; r < ROWS; r++) lines.push(`${x[r]},${y[r]}`);
  return lines.join('\n');
}

function json(): string {
  return `{"x":[${x.join(',')}],"y":[${y.join(',')}]}`;
}
