import type { Matrix } from '../src/maths/matrix.js';
import type { Samples } from '../src/samples/samples.js';

/** Seeded samples for tests. */

/** Uniform numbers in (0, 1): mulberry32, small and good enough for test data. */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

/** Standard normal numbers (Box & Muller). */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export interface Sides {
  readonly x: number[][];
  readonly y: number[][];
}

/** Pairs of columns with correlation rho; x and y of as many columns, column i with column i. */
export function gaussian(seed: number, rows: number, dim: number, rho: number): Sides {
  const normal = normals(seed);
  const x = Array.from({ length: rows }, () => Array.from({ length: dim }, normal));
  const y = x.map((row) => row.map((v) => rho * v + Math.sqrt(1 - rho * rho) * normal()));
  return { x, y };
}

/** Mixed shapes: dim_x ≠ dim_y, every y column a noisy sum of x columns. */
export function mixed(seed: number, rows: number, dimX: number, dimY: number): Sides {
  const normal = normals(seed);
  const x = Array.from({ length: rows }, () => Array.from({ length: dimX }, normal));
  const y = x.map((row) =>
    Array.from({ length: dimY }, (_, c) => (row[c % dimX] as number) ** 2 + 0.5 * normal()),
  );
  return { x, y };
}

/** Rows as the column-major samples of the domain code. */
export function samplesOf(x: readonly number[][], y: readonly number[][]): Samples {
  return { x: matrixOf(x), y: matrixOf(y) };
}

function matrixOf(rows: readonly number[][]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const values = Float64Array.from(
    { length: rows.length * columns },
    (_, i) => rows[i % rows.length]?.[Math.floor(i / rows.length)] as number,
  );
  return { rows: rows.length, columns, values };
}
