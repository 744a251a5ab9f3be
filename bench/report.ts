// The tables of the bench of /estimate.
import { met, ms, table, times } from './print.js';
import type { Machine } from './results.js';
import { nameOf, type Shape } from './shapes.js';
import type { Timing } from './timing.js';

export interface LoadResult {
  readonly concurrency: number;
  readonly bare: Timing;
  readonly mistd: Timing;
  readonly fastapi: Timing;
  readonly http_latency_over_bare: number;
  readonly bare_rate_over_http: number;
  readonly rate_over_fastapi: number;
}

export interface Result {
  readonly shape: Shape;
  /** At concurrency 1 and 8. */
  readonly loads: readonly LoadResult[];
  readonly ksg: { readonly way: string; readonly ms: number; readonly over_mistd: number };
}

interface Summary {
  readonly machine: Machine;
  readonly results: readonly Result[];
}

export function report({ machine, results }: Summary): string {
  const { cpu, cores, platform, node, date } = machine;
  return `
${cpu}, ${cores} cores, ${platform}, Node ${node}, ${date}

Latency and rate of POST /estimate, JSON bodies
${table(
  [
    'rows × (dims)',
    'clients',
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
    const [one, eight] = loads as [LoadResult, LoadResult];
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

function targets(results: readonly Result[]): string[][] {
  const resultAt = (rows: number, dim: number) => {
    const found = results.find(({ shape }) => shape.rows === rows && shape.dim_x === dim);
    if (found === undefined) throw new Error(`no result for ${rows} × (${dim}, ${dim})`);
    return found;
  };
  const overhead = resultAt(500, 32).loads[0]?.http_latency_over_bare ?? Number.NaN;
  const ksg = resultAt(500, 5).ksg.over_mistd;
  const rate = Math.min(...results.map(({ loads }) => loads[1]?.rate_over_fastapi ?? Number.NaN));
  return [
    ['HTTP / bare latency at 500 × (32, 32)', '≤ 1.3 ×', times(overhead), met(overhead <= 1.3)],
    ['KSG with bootstrap / mistd at 500 × (5, 5)', '≥ 20 ×', times(ksg), met(ksg >= 20)],
    ['mistd / FastAPI rate at concurrency 8, worst shape', '≥ 1 ×', times(rate), met(rate >= 1)],
  ];
}
