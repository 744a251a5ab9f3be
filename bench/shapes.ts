// The shapes that the bench of /estimate measures, and samples of each.
import { fill, random } from './random.js';

export interface Shape {
  readonly rows: number;
  readonly dim_x: number;
  readonly dim_y: number;
}

/** Rows of numbers, as in a request. */
export interface Samples {
  readonly x: number[][];
  readonly y: number[][];
}

export const SHAPES: readonly Shape[] = [
  { rows: 100, dim_x: 1, dim_y: 1 },
  { rows: 500, dim_x: 5, dim_y: 5 },
  { rows: 500, dim_x: 32, dim_y: 32 },
  { rows: 5000, dim_x: 2, dim_y: 2 },
];

export function nameOf({ rows, dim_x, dim_y }: Shape): string {
  return `${rows} × (${dim_x}, ${dim_y})`;
}

/** Normal columns; each column of x is coupled with one of y. */
export function makeSamples({ rows, dim_x, dim_y }: Shape, seed: number): Samples {
  const { normal } = random(seed);
  const matrix = (columns: number) => fill(rows, () => fill(columns, normal));
  const x = matrix(dim_x);
  const y = matrix(dim_y).map((row, r) => row.map((value, c) => value + (x[r]?.[c] ?? 0)));
  return { x, y };
}
