// What is measured: the shapes, and samples of each.

/**
 * @typedef {{ rows: number, dim_x: number, dim_y: number }} Shape
 * @typedef {{ x: number[][], y: number[][] }} Samples rows of numbers, as in a request
 * @typedef {{ p50_ms: number, p99_ms: number, per_second: number, runs: number }} Timing
 */

/** @type {readonly Shape[]} */
export const SHAPES = [
  { rows: 100, dim_x: 1, dim_y: 1 },
  { rows: 500, dim_x: 5, dim_y: 5 },
  { rows: 500, dim_x: 32, dim_y: 32 },
  { rows: 5000, dim_x: 2, dim_y: 2 },
];

/** @param {Shape} shape */
export const nameOf = ({ rows, dim_x, dim_y }) => `${rows} × (${dim_x}, ${dim_y})`;

/**
 * Normal columns, each of x coupled with one of y.
 *
 * @param {Shape} shape
 * @param {number} seed
 * @returns {Samples}
 */
export function makeSamples({ rows, dim_x, dim_y }, seed) {
  const normal = normals(seed);
  const matrix = (/** @type {number} */ columns) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, normal));
  const x = matrix(dim_x);
  const y = matrix(dim_y).map((row, r) => row.map((value, c) => value + (x[r]?.[c] ?? 0)));
  return { x, y };
}

/**
 * @param {readonly number[]} times in milliseconds, of every run.
 * @param {number} seconds that they took together.
 * @returns {Timing}
 */
export function timing(times, seconds) {
  const sorted = Float64Array.from(times).sort();
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return {
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    per_second: times.length / seconds,
    runs: times.length,
  };
}

/**
 * Normal numbers by the Box-Muller transform of a mulberry32 stream.
 *
 * @param {number} seed
 */
export function normals(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
