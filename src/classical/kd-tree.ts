import { columnOf, type Matrix } from '../samples/samples.js';

/** Points of a leaf at most: fewer make more boxes to compare, more make more distances. */
const LEAF = 24;

/**
 * A k-d tree under the maximum norm, whose points are also its queries.
 *
 * The distance of two rows is max over columns of |a − b| · scale. The difference is taken before
 * the scale: equal differences, such as those of whole numbers, stay exactly equal, and so do
 * ties. Splits at the median of the widest column; each node keeps the box about its points. The
 * points of a leaf are searched for together, so that boxes are compared once a leaf.
 */
export class KdTree {
  readonly #rows: number;
  readonly #dims: number;
  readonly #scales: Float64Array;
  /** The row at each position of the tree. */
  readonly #order: Int32Array;
  /** [position][column]. */
  readonly #points: Float64Array;
  /** Node i holds the positions starts[i] … ends[i] − 1. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Each node's left child, the right one follows it; 0 for a leaf. */
  readonly #children: Int32Array;
  /** [node][column], corners of each node's box. */
  readonly #lows: Float64Array;
  readonly #highs: Float64Array;
  #nodes = 0;

  /**
   * @param matrix at least one row and one column.
   * @param scales of each column, above 0.
   */
  constructor(matrix: Matrix, scales: Float64Array) {
    const { rows, columns } = matrix;
    this.#rows = rows;
    this.#dims = columns;
    this.#scales = scales;
    this.#order = Int32Array.from({ length: rows }, (_, r) => r);
    // Halving stops at LEAF points or fewer: every leaf but a sole root holds over LEAF / 2.
    const nodes = Math.ceil((4 * rows) / LEAF) + 1;
    this.#starts = new Int32Array(nodes);
    this.#ends = new Int32Array(nodes);
    this.#children = new Int32Array(nodes);
    this.#lows = new Float64Array(nodes * columns);
    this.#highs = new Float64Array(nodes * columns);
    this.#build(matrix);
    this.#points = new Float64Array(rows * columns);
    for (let c = 0; c < columns; c++) {
      const column = columnOf(matrix, c);
      for (let p = 0; p < rows; p++) {
        this.#points[p * columns + c] = column[this.#order[p] as number] as number;
      }
    }
  }

  /** Distance from each row to its k-th neighbor, itself left out; k < rows. */
  kthDistances(k: number): Float64Array {
    const result = new Float64Array(this.#rows);
    const [points, scales, dims] = [this.#points, this.#scales, this.#dims];
    const nearest = new Float64Array(LEAF * k);
    for (const leaf of this.#leaves()) {
      const [first, end] = [this.#starts[leaf] as number, this.#ends[leaf] as number];
      nearest.fill(Infinity);
      const search = (node: number): number => {
        const [from, to] = [this.#starts[node] as number, this.#ends[node] as number];
        let farthest = 0;
        for (let q = first; q < end; q++) {
          const base = (q - first) * k;
          const bound = nearest[base + k - 1] as number;
          if (node === leaf || this.#pointToBox(q, node) < bound) {
            insertNearest(points, scales, dims, q, from, to, nearest, base, k);
          }
          farthest = Math.max(farthest, nearest[base + k - 1] as number);
        }
        return farthest;
      };
      this.#visitNearFirst(leaf, search);
      for (let q = first; q < end; q++) {
        result[this.#order[q] as number] = nearest[(q - first) * k + k - 1] as number;
      }
    }
    return result;
  }

  /** How many other rows lie nearer to each row than its radius (the radius excluded). */
  countsWithin(radii: Float64Array): Int32Array {
    const result = new Int32Array(this.#rows);
    const [points, scales, dims, order] = [this.#points, this.#scales, this.#dims, this.#order];
    this.#visitWithin(radii, (leaf, node, smallest) => {
      const [from, to] = [this.#starts[node] as number, this.#ends[node] as number];
      const [first, end] = [this.#starts[leaf] as number, this.#ends[leaf] as number];
      if (this.#reach(leaf, node) < smallest) {
        for (let q = first; q < end; q++) {
          const row = order[q] as number;
          result[row] = (result[row] as number) + to - from;
        }
        return true;
      }
      if (!this.#isLeaf(node)) return false;
      for (let q = first; q < end; q++) {
        const row = order[q] as number;
        const radius = radii[row] as number;
        if (this.#pointToBox(q, node) >= radius) continue;
        result[row] =
          (result[row] as number) + countNear(points, scales, dims, q, from, to, radius);
      }
      return true;
    });
    // A row is as near to itself as can be; within a radius of 0 lies nothing.
    return result.map((count, row) => ((radii[row] as number) > 0 ? count - 1 : 0));
  }

  /**
   * Farthest distance in each of two groups of columns, among the rows within each row's radius
   * (the radius included).
   *
   * @param split the first group is the columns before it.
   */
  extents(radii: Float64Array, split: number): { first: Float64Array; second: Float64Array } {
    const result = {
      first: new Float64Array(this.#rows),
      second: new Float64Array(this.#rows),
    };
    const [points, scales, dims, order] = [this.#points, this.#scales, this.#dims, this.#order];
    const open = radii.map(nextUp);
    this.#visitWithin(open, (leaf, node) => {
      if (!this.#isLeaf(node)) return false;
      const [from, to] = [this.#starts[node] as number, this.#ends[node] as number];
      for (let q = this.#starts[leaf] as number; q < (this.#ends[leaf] as number); q++) {
        const row = order[q] as number;
        const radius = open[row] as number;
        if (this.#pointToBox(q, node) >= radius) continue;
        for (let p = from; p < to; p++) {
          if (distance(points, scales, p, q, 0, dims, dims, radius) >= radius) continue;
          const first = distance(points, scales, p, q, 0, split, dims, Infinity);
          const second = distance(points, scales, p, q, split, dims, dims, Infinity);
          result.first[row] = Math.max(result.first[row] as number, first);
          result.second[row] = Math.max(result.second[row] as number, second);
        }
      }
      return true;
    });
    return result;
  }

  /**
   * Shows leaves to a search for neighbors of one leaf's points, the leaf itself first, then
   * roughly from near to far, until the rest is too far.
   *
   * @param search returns the distance from which on nothing can matter.
   */
  #visitNearFirst(leaf: number, search: (node: number) => number): void {
    let bound = search(leaf);
    const stack = [0];
    const distances = [0];
    while (stack.length > 0) {
      const node = stack.pop() as number;
      if ((distances.pop() as number) >= bound || node === leaf) continue;
      const child = this.#children[node] as number;
      if (child === 0) {
        bound = search(node);
        continue;
      }
      const left = this.#boxToBox(child, leaf);
      const right = this.#boxToBox(child + 1, leaf);
      const nearer = left <= right ? 0 : 1;
      stack.push(child + 1 - nearer, child + nearer);
      distances.push(Math.max(left, right), Math.min(left, right));
    }
  }

  /**
   * Shows, for each leaf, the nodes that are not farther than its largest radius.
   *
   * @param radii of each row.
   * @param visit gets the leaf, a node, and the smallest radius of the leaf; false asks to go on
   *   to the node's children.
   */
  #visitWithin(
    radii: Float64Array,
    visit: (leaf: number, node: number, smallest: number) => boolean,
  ): void {
    for (const leaf of this.#leaves()) {
      let [smallest, largest] = [Infinity, 0];
      for (let q = this.#starts[leaf] as number; q < (this.#ends[leaf] as number); q++) {
        const radius = radii[this.#order[q] as number] as number;
        if (radius < smallest) smallest = radius;
        if (radius > largest) largest = radius;
      }
      const stack = [0];
      while (stack.length > 0) {
        const node = stack.pop() as number;
        if (this.#boxToBox(node, leaf) >= largest) continue;
        if (visit(leaf, node, smallest)) continue;
        const child = this.#children[node] as number;
        stack.push(child, child + 1);
      }
    }
  }

  #isLeaf(node: number): boolean {
    return this.#children[node] === 0;
  }

  #leaves(): number[] {
    return Array.from({ length: this.#nodes }, (_, node) => node).filter((n) => this.#isLeaf(n));
  }

  /** Distance of a point to the nearest point that a node's box can hold. */
  #pointToBox(position: number, node: number): number {
    const [dims, scales] = [this.#dims, this.#scales];
    let largest = 0;
    for (let c = 0; c < dims; c++) {
      const value = this.#points[position * dims + c] as number;
      const below = (this.#lows[node * dims + c] as number) - value;
      const above = value - (this.#highs[node * dims + c] as number);
      const d = (below > above ? below : above) * (scales[c] as number);
      if (d > largest) largest = d;
    }
    return largest;
  }

  /** Least distance that points of two nodes can have. */
  #boxToBox(a: number, b: number): number {
    const [dims, scales, lows, highs] = [this.#dims, this.#scales, this.#lows, this.#highs];
    let largest = 0;
    for (let c = 0; c < dims; c++) {
      const below = (lows[a * dims + c] as number) - (highs[b * dims + c] as number);
      const above = (lows[b * dims + c] as number) - (highs[a * dims + c] as number);
      const d = (below > above ? below : above) * (scales[c] as number);
      if (d > largest) largest = d;
    }
    return largest;
  }

  /** Largest distance that points of two nodes can have. */
  #reach(a: number, b: number): number {
    const [dims, scales, lows, highs] = [this.#dims, this.#scales, this.#lows, this.#highs];
    let largest = 0;
    for (let c = 0; c < dims; c++) {
      const up = (highs[a * dims + c] as number) - (lows[b * dims + c] as number);
      const down = (highs[b * dims + c] as number) - (lows[a * dims + c] as number);
      const d = (up > down ? up : down) * (scales[c] as number);
      if (d > largest) largest = d;
    }
    return largest;
  }

  /** Breadth first: a node's children are made when its turn comes. */
  #build(matrix: Matrix): void {
    this.#addNode(matrix, 0, this.#rows);
    for (let node = 0; node < this.#nodes; node++) {
      const [start, end] = [this.#starts[node] as number, this.#ends[node] as number];
      if (end - start <= LEAF) continue;
      const middle = (start + end) >>> 1;
      selectNth(columnOf(matrix, this.#widest(node)), this.#order, start, end, middle);
      this.#children[node] = this.#nodes;
      this.#addNode(matrix, start, middle);
      this.#addNode(matrix, middle, end);
    }
  }

  #addNode(matrix: Matrix, start: number, end: number): void {
    const node = this.#nodes++;
    this.#starts[node] = start;
    this.#ends[node] = end;
    for (let c = 0; c < this.#dims; c++) {
      const column = columnOf(matrix, c);
      let [low, high] = [Infinity, -Infinity];
      for (let p = start; p < end; p++) {
        const value = column[this.#order[p] as number] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      this.#lows[node * this.#dims + c] = low;
      this.#highs[node * this.#dims + c] = high;
    }
  }

  #widest(node: number): number {
    let [widest, most] = [0, 0];
    for (let c = 0; c < this.#dims; c++) {
      const i = node * this.#dims + c;
      const width =
        ((this.#highs[i] as number) - (this.#lows[i] as number)) * (this.#scales[c] as number);
      if (width > most) [widest, most] = [c, width];
    }
    return widest;
  }
}

/** The next larger double of a number ≥ 0. */
export function nextUp(value: number): number {
  float[0] = value;
  bits[0] = (bits[0] as bigint) + 1n;
  return float[0] as number;
}

const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);

/** Distance of two points over columns from…to − 1; some number ≥ bound once it is that far. */
function distance(
  points: Float64Array,
  scales: Float64Array,
  p: number,
  q: number,
  from: number,
  to: number,
  dims: number,
  bound: number,
): number {
  let largest = 0;
  for (let c = from; c < to; c++) {
    const difference = (points[p * dims + c] as number) - (points[q * dims + c] as number);
    const d = Math.abs(difference) * (scales[c] as number);
    if (d > largest) {
      if (d >= bound) return d;
      largest = d;
    }
  }
  return largest;
}

/** Sorts the distances from q to points from…to − 1 into nearest[base … base + k − 1]. */
function insertNearest(
  points: Float64Array,
  scales: Float64Array,
  dims: number,
  q: number,
  from: number,
  to: number,
  nearest: Float64Array,
  base: number,
  k: number,
): void {
  const last = base + k - 1;
  let bound = nearest[last] as number;
  for (let p = from; p < to; p++) {
    if (p === q) continue;
    const d = distance(points, scales, p, q, 0, dims, dims, bound);
    if (d >= bound) continue;
    let place = last;
    while (place > base && (nearest[place - 1] as number) > d) {
      nearest[place] = nearest[place - 1] as number;
      place--;
    }
    nearest[place] = d;
    bound = nearest[last] as number;
  }
}

/** How many of the points from…to − 1 are nearer to q than a radius. */
function countNear(
  points: Float64Array,
  scales: Float64Array,
  dims: number,
  q: number,
  from: number,
  to: number,
  radius: number,
): number {
  let count = 0;
  for (let p = from; p < to; p++) {
    if (distance(points, scales, p, q, 0, dims, dims, radius) < radius) count++;
  }
  return count;
}

/** Quickselect (Hoare): order[nth] gets the value it has when sorted, no larger one before it. */
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
