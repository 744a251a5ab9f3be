import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';

/** A stream of random numbers that its seed decides. */
export interface Random {
  /** A whole number in [0, count). */
  below(count: number): number;
  /** A number in [0, 1). */
  uniform(): number;
}

/** MT19937 (Matsumoto & Nishimura 1998): the same numbers on every machine. */
export function random(seed: number): Random {
  const generator = mersenne(seed);
  return {
    below: (count) => uniformInt(generator, 0, count - 1),
    uniform: () => uniformFloat64(generator),
  };
}

/** Seeds of `count` streams of their own: what one draws does not depend on the others. */
export function childSeeds(seed: number, count: number): number[] {
  const generator = mersenne(seed);
  return Array.from({ length: count }, () => generator.next() >>> 0);
}

/** A uniformly random order of 0 … length − 1 (Fisher & Yates). */
export function permutation(length: number, { below }: Random): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = below(i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order;
}
