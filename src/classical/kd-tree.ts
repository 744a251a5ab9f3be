import type { Nearest } from './nearest.js';
import { NeighborSearch } from './neighbor-search.js';
import type { SortedColumn } from './sorted-column.js';

/** Maximum points per leaf: fewer mean more boxes to compare, more mean more distances. */
const LEAF = 12;
/** Size of the stack: one node per level waits while its sibling is searched. */
const DEEPEST = 64;

/**
 * A k-d tree under the maximum norm, queried with its own points.
 *
 * Nodes are split at the median of the widest column; each node stores the bounding box of its
 * points. Rows are queried in tree order, so that consecutive queries use the same data in the
 * cache.
 */
export class KdTree extends NeighborSearch {
  /** The row at each position of the tree. */
  readonly #order: Int32Array;
  /** Node i holds the positions starts[i] … ends[i] − 1. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Index of each node's left child, which the right child follows; 0 for a leaf. */
  readonly #children: Int32Array;
  /** Corners of each node's box, [node][column]. */
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;
  #nodes = 0;

  /** @param columns at least one column with at least one row. */
  constructor(columns: readonly SortedColumn[]) {
    super(columns);
    const { rows, dims } = this;
    this.#order = Int32Array.from({ length: rows }, (_, r) => r);
    // Nodes of at most LEAF points are not split, so leaves but a lone root have LEAF / 2 or more.
    const nodes = Math.ceil((4 * rows) / LEAF) + 1;
    this.#starts = new Int32Array(nodes);
    this.#ends = new Int32Array(nodes);
    this.#children = new Int32Array(nodes);
    this.#lows = new Float64Array(nodes * dims);
    this.#highs = new Float64Array(nodes * dims);
    this.#build(columns);
    this.setPoints(columns, this.#order);
  }

  override countsWithin(radii: Float64Array): Int32Array {
    const result = new Int32Array(this.rows);
    const [starts, ends, children] = [this.#starts, this.#ends, this.#children];
    const [lows, highs] = [this.#lows, this.#highs];
    const stack = new Int32Array(DEEPEST);
    for (let q = 0; q < this.rows; q++) {
      const row = this.#order[q] as number;
      const radius = radii[row] as number;
      // The row itself is found too but does not count; no row is nearer than a radius of 0.
      let count = radius > 0 ? -1 : 0;
      stack[0] = 0;
      for (let waiting = 1; waiting > 0; ) {
        const node = stack[--waiting] as number;
        if (this.#toBox(q, node, lows, highs, radius) >= radius) continue;
        const [start, end] = [starts[node] as number, ends[node] as number];
        const child = children[node] as number;
        if (this.#toBox(q, node, highs, lows, radius) < radius) {
          count += end - start;
        } else if (child === 0) {
          for (let p = start; p < end; p++) {
            if (this.distance(p, q, 0, this.dims, radius) < radius) count++;
          }
        } else {
          stack[waiting++] = child;
          stack[waiting++] = child + 1;
        }
      }
      result[row] = count;
    }
    return result;
  }

  /** Searches nearer nodes first. */
  protected override visitNearest(
    nearest: Nearest,
    { from, to }: { from: number; to: number },
    split: number,
    visit: (row: number) => void,
  ): void {
    const [starts, ends, children] = [this.#starts, this.#ends, this.#children];
    const [lows, highs] = [this.#lows, this.#highs];
    const stack = new Int32Array(DEEPEST);
    const distances = new Float64Array(DEEPEST);
    for (let q = from; q < to; q++) {
      nearest.clear(Infinity);
      stack[0] = 0;
      distances[0] = 0;
      for (let waiting = 1; waiting > 0; ) {
        const node = stack[--waiting] as number;
        if ((distances[waiting] as number) >= nearest.bound) continue;
        const child = children[node] as number;
        if (child === 0) {
          const end = ends[node] as number;
          for (let p = starts[node] as number; p < end; p++) this.offer(p, q, split, nearest);
          continue;
        }
        const left = this.#toBox(q, child, lows, highs, nearest.bound);
        const right = this.#toBox(q, child + 1, lows, highs, nearest.bound);
        const nearer = left <= right ? 0 : 1;
        stack[waiting] = child + 1 - nearer;
        distances[waiting++] = Math.max(left, right);
        stack[waiting] = child + nearer;
        distances[waiting++] = Math.min(left, right);
      }
      visit(this.#order[q] as number);
    }
  }

  /**
   * Distance from a point to the nearest point of a node's box; with the box's corners exchanged,
   * to the farthest point. Any number ≥ bound if the distance is at least that.
   */
  #toBox(
    position: number,
    node: number,
    lows: Float64Array,
    highs: Float64Array,
    bound: number,
  ): number {
    const [dims, points, scales] = [this.dims, this.points, this.scales];
    let largest = 0;
    for (let c = 0; c < dims; c++) {
      const value = points[position * dims + c] as number;
      const below = (lows[node * dims + c] as number) - value;
      const above = value - (highs[node * dims + c] as number);
      const d = (below > above ? below : above) * (scales[c] as number);
      if (d > largest) {
        if (d >= bound) return d;
        largest = d;
      }
    }
    return largest;
  }

  /** Builds the tree breadth first. */
  #build(columns: readonly SortedColumn[]): void {
    this.#addNode(columns, 0, this.rows);
    for (let node = 0; node < this.#nodes; node++) {
      const [start, end] = [this.#starts[node] as number, this.#ends[node] as number];
      if (end - start <= LEAF) continue;
      const middle = (start + end) >>> 1;
      const { values } = columns[this.#widest(node)] as SortedColumn;
      selectNth(values, this.#order, start, end, middle);
      this.#children[node] = this.#nodes;
      this.#addNode(columns, start, middle);
      this.#addNode(columns, middle, end);
    }
  }

  #addNode(columns: readonly SortedColumn[], start: number, end: number): void {
    const node = this.#nodes++;
    this.#starts[node] = start;
    this.#ends[node] = end;
    for (let c = 0; c < this.dims; c++) {
      const { values } = columns[c] as SortedColumn;
      let [low, high] = [Infinity, -Infinity];
      for (let p = start; p < end; p++) {
        const value = values[this.#order[p] as number] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      this.#lows[node * this.dims + c] = low;
      this.#highs[node * this.dims + c] = high;
    }
  }

  #widest(node: number): number {
    let [widest, most] = [0, 0];
    for (let c = 0; c < this.dims; c++) {
      const i = node * this.dims + c;
      const width =
        ((this.#highs[i] as number) - (this.#lows[i] as number)) * (this.scales[c] as number);
      if (width > most) [widest, most] = [c, width];
    }
    return widest;
  }
}

/** Quickselect (Hoare): puts the nth smallest value at order[nth], and no larger one before it. */
function selectNth(
  values: Float64Array,
  order: Int32Array,
  start: number,
  end: number,
  nth: number,
): void {
  let [low, high] = [start, end - 1];
  while (low < high) {
    const pivot = values[order[(low + high) >>> 1] as number] as number;
    let [i, j] = [low, high];
    while (i <= j) {
      while ((values[order[i] as number] as number) < pivot) i++;
      while ((values[order[j] as number] as number) > pivot) j--;
      if (i > j) break;
      const kept = order[i] as number;
      order[i++] = order[j] as number;
      order[j--] = kept;
    }
    if (nth <= j) high = j;
    else if (nth >= i) low = i;
    else return;
  }
}
