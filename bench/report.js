// The tables that the bench prints.
import { nameOf } from './cases.js';
import { table } from './table.js';

/**
 * @typedef {import('./cases.js').Timing} Timing
 *
 * @typedef {{ concurrency: number, bare: Timing, mistd: Timing, fastapi: Timing,
 *   http_latency_over_bare: number, bare_rate_over_http: number, rate_over_fastapi: number }} Load
 *
 * @typedef {{ shape: import('./cases.js').Shape, loads: Load[],
 *   ksg: { way: string, ms: number, over_mistd: number } }} Result
 *
 * @typedef {{ machine: { date: string, cpu: string, cores: number, platform: string, node: string },
 *   settings: object, results: Result[] }} Summary
 */

/**
 * @param {Summary} summary
 * @returns {string}
 */
export function report({ machine, results }) {
  const { cpu, cores, platform, node, date } = machine;
  return `
${cpu}, ${cores} cores, ${platform}, Node ${node}, ${date}

Latency and rate of POST /estimate, JSON bodies
${table(
  [
    'rows × (dims)',
    'at once',
    'bare p50',
    'p50',
    'p99',
    'FastAPI p50',
    'p99',
    'bare/s',
    'mistd/s',
    'FastAPI/s',
  ],
  results.flatMap(({ shape, loads }) =>
    loads.map(({ concurrency, bare, mistd, fastapi }) => [
      nameOf(shape),
      concurrency,
      ...[bare.p50_ms, mistd.p50_ms, mistd.p99_ms, fastapi.p50_ms, fastapi.p99_ms].map(ms),
      ...[bare, mistd, fastapi].map(({ per_second }) => per_second.toFixed(1)),
    ]),
  ),
)}

Side by side: medians of the ratios of each round
${table(
  [
    'rows × (dims)',
    'HTTP / bare',
    'bare/s / mistd/s, 8',
    'mistd/s / FastAPI/s, 1',
    '8',
    'KSG + bootstrap',
    'KSG / mistd',
    'KSG by',
  ],
  results.map(({ shape, loads, ksg }) => {
    const [one, eight] = /** @type {[Load, Load]} */ (loads);
    return [
      nameOf(shape),
      times(one.http_latency_over_bare),
      times(eight.bare_rate_over_http),
      times(one.rate_over_fastapi),
      times(eight.rate_over_fastapi),
      ms(ksg.ms),
      times(ksg.over_mistd),
      ksg.way,
    ];
  }),
)}

Targets
${table(['what', 'wanted', 'measured', ''], targets(results))}`;
}

/**
 * @param {Result[]} results
 * @returns {(string | number)[][]}
 */
function targets(results) {
  const at = (/** @type {number} */ rows, /** @type {number} */ dim) => {
    const found = results.find(({ shape }) => shape.rows === rows && shape.dim_x === dim);
    if (found === undefined) throw new Error(`no result for ${rows} × (${dim}, ${dim})`);
    return found;
  };
  const overhead = at(500, 32).loads[0]?.http_latency_over_bare ?? Number.NaN;
  const ksg = at(500, 5).ksg.over_mistd;
  const rate = Math.min(...results.map(({ loads }) => loads[1]?.rate_over_fastapi ?? Number.NaN));
  return [
    ['HTTP / bare latency at 500 × (32, 32)', '≤ 1.3 ×', times(overhead), met(overhead <= 1.3)],
    ['KSG with bootstrap / mistd at 500 × (5, 5)', '≥ 20 ×', times(ksg), met(ksg >= 20)],
    ['mistd / FastAPI rate at concurrency 8, worst shape', '≥ 1 ×', times(rate), met(rate >= 1)],
  ];
}

const ms = (/** @type {number} */ value) => `${value.toPrecision(3)} ms`;
const times = (/** @type {number} */ value) => `${value.toPrecision(3)} ×`;
const met = (/** @type {boolean} */ yes) => (yes ? 'met' : 'MISSED');
