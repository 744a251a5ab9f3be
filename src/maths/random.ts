import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';

/** A stream of random numbers, determined by its seed. */
export interface Random {
  /** An integer in [0, count). */
  below(count: number): number;
  /** A number in [0, 1). */
  uniform(): number;
}

/** Mersenne Twister MT19937 (Matsumoto & Nishimura 1998): the same numbers on every machine. */
export function random(seed: number): Random {
  const generator = mersenne(seed);
  return {
    below: (count) => uniformInt(generator, 0, count - 1),
    uniform: () => uniformFloat64(generator),
  };
}

/** Seeds of `count` separate streams: the draws of one stream do not depend on the others. */
export function childSeeds(seed: number, count: number): number[] {
  const generator = mersenne(seed);
  return Array.from({ length: count }, () => generator.next() >>> 0);
}

/** The numbers 0 … length − 1. */
export function range(length: number): Int32Array<ArrayBuffer> {
  const numbers = new Int32Array(length);
  for (let i = 0; i < length; i++) numbers[i] = i;
  return numbers;
}

/** A uniformly random order of 0 … length − 1. */
export function permutation(length: number, stream: Random): Int32Array {
  return randomSubset(length, length, stream);
}

/**
 * A uniformly random subset of 0 … length − 1, in random order (Fisher & Yates, from the end).
 *
 * @param size at most `length`.
 */
export function randomSubset(length: number, size: number, { below }: Random): Int32Array {
  const order = range(length);
  for (let i = length - 1; i > 0 && i >= length - size; i--) {
    const j = below(i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order.subarray(length - size);
}
