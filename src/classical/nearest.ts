/**
 * Collects the k nearest of the points added, by the larger of their distances in two groups of
 * columns. With `ties`, all points that tie with the k-th count for the edges.
 */
export class Nearest {
  /** Points at this distance or farther need not be added. */
  bound = Infinity;
  readonly k: number;
  readonly #ties: boolean;
  readonly #last: number;
  /** Ascending; the last entry of each group is the edge of all points that tie with the k-th. */
  readonly #distances: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(k: number, { ties }: { ties: boolean }) {
    this.k = k;
    this.#ties = ties;
    this.#last = k - 1;
    this.#distances = new Float64Array(k);
    this.#first = new Float64Array(k);
    this.#second = new Float64Array(k);
  }

  /**
   * Removes all points.
   *
   * @param bound points at this distance or farther need not be added.
   */
  clear(bound: number): void {
    this.bound = bound;
    this.#distances.fill(Infinity);
    this.#first.fill(0);
    this.#second.fill(0);
  }

  /** Distance of the k-th nearest point; Infinity before k points are added. */
  get farthest(): number {
    return this.#distances[this.#last] as number;
  }

  /** Largest distance in each group among the k nearest points and those that tie with the k-th. */
  edges(): { first: number; second: number } {
    let [first, second] = [0, 0];
    for (let place = 0; place <= this.#last; place++) {
      first = Math.max(first, this.#first[place] as number);
      second = Math.max(second, this.#second[place] as number);
    }
    return { first, second };
  }

  /**
   * @param first distance in the first group, below the bound.
   * @param second distance in the second group, below the bound.
   */
  add(first: number, second: number): void {
    const [distances, last] = [this.#distances, this.#last];
    const distance = first > second ? first : second;
    const farthest = distances[last] as number;
    if (distance === farthest) {
      this.#widen(first, second);
      this.#setBound();
      return;
    }
    const [lostFirst, lostSecond] = [this.#first[last] as number, this.#second[last] as number];
    let place = last;
    while (place > 0 && (distances[place - 1] as number) > distance) {
      distances[place] = distances[place - 1] as number;
      this.#first[place] = this.#first[place - 1] as number;
      this.#second[place] = this.#second[place - 1] as number;
      place--;
    }
    distances[place] = distance;
    this.#first[place] = first;
    this.#second[place] = second;
    if (distances[last] === farthest) this.#widen(lostFirst, lostSecond);
    this.#setBound();
  }

  /** Points that tie with the k-th matter until both edges are at its distance. */
  #setBound(): void {
    const [kth, last] = [this.farthest, this.#last];
    if (kth === Infinity) return;
    const wide = this.#first[last] === kth && this.#second[last] === kth;
    this.bound = this.#ties && !wide ? nextUp(kth) : kth;
  }

  #widen(first: number, second: number): void {
    const last = this.#last;
    this.#first[last] = Math.max(first, this.#first[last] as number);
    this.#second[last] = Math.max(second, this.#second[last] as number);
  }
}

/** The next double after a number ≥ 0. */
export function nextUp(value: number): number {
  float[0] = value;
  bits[0] = (bits[0] as bigint) + 1n;
  return float[0] as number;
}

const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);
