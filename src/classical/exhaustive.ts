import { columnOf, type Matrix } from '../samples/samples.js';

/** A side with the scale of each column, as in KdTree. */
export interface Scaled {
  readonly matrix: Matrix;
  readonly scales: Float64Array;
}

/** The distances from one row to all rows within x and within y, shape [rows]; used anew. */
export interface RowDistances {
  readonly row: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Shows the distances from each row to every row: rows² · columns steps in plain sequence. In many
 * columns this is faster than a tree, whose boxes then all lie within reach.
 */
export function visitDistances(x: Scaled, y: Scaled, visit: (d: RowDistances) => void): void {
  const { rows } = x.matrix;
  const distances = { x: new Float64Array(rows), y: new Float64Array(rows) };
  for (let row = 0; row < rows; row++) {
    fill(distances.x, x, row);
    fill(distances.y, y, row);
    visit({ row, ...distances });
  }
}

function fill(distances: Float64Array, { matrix, scales }: Scaled, row: number): void {
  distances.fill(0);
  for (let c = 0; c < matrix.columns; c++) {
    const column = columnOf(matrix, c);
    farther(distances, column, column[row] as number, scales[c] as number);
  }
}

function farther(
  distances: Float64Array,
  column: Float64Array,
  value: number,
  scale: number,
): void {
  for (let r = 0; r < distances.length; r++) {
    const d = Math.abs((column[r] as number) - value) * scale;
    if (d > (distances[r] as number)) distances[r] = d;
  }
}

/** Distance to the k-th neighbor over both sides, the row itself left out. */
export function kthJoint({ row, x, y }: RowDistances, k: number): number {
  const nearest = new Float64Array(k).fill(Infinity);
  let bound = Infinity;
  for (let r = 0; r < x.length; r++) {
    const d = Math.max(x[r] as number, y[r] as number);
    if (d >= bound || r === row) continue;
    let place = k - 1;
    while (place > 0 && (nearest[place - 1] as number) > d) {
      nearest[place] = nearest[place - 1] as number;
      place--;
    }
    nearest[place] = d;
    bound = nearest[k - 1] as number;
  }
  return bound;
}

/** Rows other than the one whose distances these are that are nearer than a radius. */
export function countBelow(distances: Float64Array, radius: number): number {
  let count = 0;
  for (let r = 0; r < distances.length; r++) if ((distances[r] as number) < radius) count++;
  return radius > 0 ? count - 1 : 0;
}

/** Farthest x and y distances among the rows within a joint distance (included). */
export function edges({ x, y }: RowDistances, radius: number): { x: number; y: number } {
  const farthest = { x: 0, y: 0 };
  for (let r = 0; r < x.length; r++) {
    const [dx, dy] = [x[r] as number, y[r] as number];
    if (dx > radius || dy > radius) continue;
    if (dx > farthest.x) farthest.x = dx;
    if (dy > farthest.y) farthest.y = dy;
  }
  return farthest;
}
