import { mersenne } from 'pure-rand/generator/mersenne';

export interface Random {
  /** Uniform on (0, 1). */
  readonly uniform: () => number;
  /** Standard normal, by the Box–Muller transform. */
  readonly normal: () => number;
}

/** A seeded stream of random numbers. */
export function random(seed: number): Random {
  const generator = mersenne(seed);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** Makes an array of a length; `make` is called for each element. */
export function fill<T>(length: number, make: () => T): T[] {
  return Array.from({ length }, make);
}
