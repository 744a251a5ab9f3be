import { normalQuantile } from '../encoding/normal-scores.js';

/** A mean with its uncertainty; null where one prompt, or none, leaves it unknown. */
export interface Mean {
  readonly mean: number;
  readonly standard_error: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Which observations belong together: those of one prompt share its difficulty and its errors, so
 * only prompts are independent of each other.
 */
export class Clusters {
  /** Cluster of each observation, 0 … count − 1; undefined when each is its own. */
  readonly of: Int32Array | undefined;
  readonly count: number;
  readonly #sizes: Float64Array | undefined;

  constructor(of: Int32Array | undefined, count: number) {
    this.of = of;
    this.count = count;
    if (of === undefined) return;
    this.#sizes = new Float64Array(count);
    for (const cluster of of) this.#sizes[cluster] = (this.#sizes[cluster] as number) + 1;
  }

  /** Each observation is a cluster of its own. */
  static each(observations: number): Clusters {
    return new Clusters(undefined, observations);
  }

  /** Of any numbers, equal ones being one cluster. */
  static renumbered(numbers: readonly number[]): Clusters {
    const known = new Map<number, number>();
    const of = Int32Array.from(numbers, (number) => {
      const place = known.get(number) ?? known.size;
      known.set(number, place);
      return place;
    });
    return new Clusters(of, known.size);
  }

  /**
   * Sums of several figures of the observations of each cluster, in one pass.
   *
   * @param width how many figures there are.
   * @param figures writes those of an observation.
   * @returns figure k of cluster g at g · width + k.
   */
  sums(
    observations: number,
    width: number,
    figures: (observation: number, into: Float64Array) => void,
  ): Float64Array {
    const sums = new Float64Array(this.count * width);
    const one = new Float64Array(width);
    for (let i = 0; i < observations; i++) {
      figures(i, one);
      const first = width * (this.of === undefined ? i : (this.of[i] as number));
      for (let k = 0; k < width; k++) {
        sums[first + k] = (sums[first + k] as number) + (one[k] as number);
      }
    }
    return sums;
  }

  /**
   * Means of several figures with their cluster-robust (sandwich) standard errors,
   * √(G/(G−1) Σ_g (Σ_{i∈g} (x_i − x̄))²) / n over G clusters, and the normal intervals.
   *
   * @param names of the figures, in the order in which `figures` writes them.
   * @param level of the intervals, in (0, 1).
   */
  means<Name extends string>(
    observations: number,
    names: readonly Name[],
    figures: (observation: number, into: Float64Array) => void,
    level: number,
  ): Record<Name, Mean> {
    const width = names.length;
    const sums = this.sums(observations, width, figures);
    const means = names.map((name, k): [Name, Mean] => {
      let total = 0;
      for (let at = k; at < sums.length; at += width) total += sums[at] as number;
      const mean = total / observations;
      if (this.count < 2) return [name, { mean, standard_error: null, lower: null, upper: null }];
      let squares = 0;
      for (let g = 0; g < this.count; g++) {
        const size = this.#sizes === undefined ? 1 : (this.#sizes[g] as number);
        squares += ((sums[g * width + k] as number) - size * mean) ** 2;
      }
      const error = Math.sqrt((this.count / (this.count - 1)) * squares) / observations;
      return [name, { mean, standard_error: error, ...interval(mean, error, level) }];
    });
    return Object.fromEntries(means) as Record<Name, Mean>;
  }
}

/** The mean of a figure times a positive factor. */
export function scaled({ mean, standard_error, lower, upper }: Mean, factor: number): Mean {
  const times = (value: number | null) => value && value * factor;
  return {
    mean: mean * factor,
    standard_error: times(standard_error),
    lower: times(lower),
    upper: times(upper),
  };
}

/** The central normal interval of a level in (0, 1). */
export function interval(
  center: number,
  standardError: number,
  level: number,
): { lower: number; upper: number } {
  const half = -normalQuantile((1 - level) / 2) * standardError;
  return { lower: center - half, upper: center + half };
}

const ENCODER = new TextEncoder();

/**
 * Writes a text in UTF-8; by itself where each character is a byte, as in most names.
 *
 * @returns how many bytes it has.
 */
function encode(text: string, into: Uint8Array): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return ENCODER.encodeInto(text, into).written;
    into[i] = unit;
  }
  return text.length;
}

/**
 * Numbers prompts in the order of their first pair. Their names are not kept: each is known by 64
 * bits of hash, of which two among a million prompts agree once in some 40 million data sets.
 */
export class ClusterIndex {
  #of = new Int32Array(1024);
  #length = 0;
  #count = 0;
  /** Open addressing: the two halves of the hash, and the number of the cluster plus 1. */
  #slots = new Int32Array(3 * 2048);
  #encoded = new Uint8Array(256);

  get length(): number {
    return this.#length;
  }

  push(name: string): void {
    // Of each UTF-16 unit, UTF-8 takes at most three bytes.
    if (3 * name.length > this.#encoded.length) this.#encoded = new Uint8Array(6 * name.length);
    this.pushBytes(this.#encoded, 0, encode(name, this.#encoded));
  }

  /** Like push, of a name in UTF-8. */
  pushBytes(name: Uint8Array, start: number, end: number): void {
    if (this.#length === this.#of.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#of);
      this.#of = larger;
    }
    this.#of[this.#length++] = this.#find(name, start, end);
  }

  finish(): Clusters {
    return new Clusters(this.#of.subarray(0, this.#length), this.#count);
  }

  #find(name: Uint8Array, start: number, end: number): number {
    let low = 0x811c9dc5 | 0;
    let high = 0x9e3779b9 | 0;
    for (let i = start; i < end; i++) {
      const byte = name[i] as number;
      low = Math.imul(low ^ byte, 0x01000193);
      low ^= low >>> 15;
      high = Math.imul(high + byte, 0x85ebca6b);
      high ^= high >>> 13;
    }
    const place = this.#place(low, high);
    const known = this.#slots[place + 2] as number;
    if (known > 0) return known - 1;
    this.#slots.set([low, high, ++this.#count], place);
    if (6 * this.#count > this.#slots.length) this.#grow();
    return this.#count - 1;
  }

  /** Where a hash is, or the free place where it belongs. */
  #place(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length / 3 - 1;
    for (let slot = (low ^ (high >>> 7)) & mask; ; slot = (slot + 1) & mask) {
      const place = 3 * slot;
      if ((slots[place + 2] as number) === 0) return place;
      if (slots[place] === low && slots[place + 1] === high) return place;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length);
    for (let place = 0; place < old.length; place += 3) {
      if (old[place + 2] === 0) continue;
      const [low, high] = [old[place] as number, old[place + 1] as number];
      this.#slots.set(old.subarray(place, place + 3), this.#place(low, high));
    }
  }
}
