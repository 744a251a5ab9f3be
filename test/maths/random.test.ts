import { describe, expect, it } from 'vitest';
import { childSeeds, permutation, random } from '../../src/maths/random.js';

describe('random', () => {
  it('is MT19937 and gives the same numbers as NumPy', () => {
    // numpy.random.RandomState(0).randint(0, 2**32, 2, dtype=numpy.uint32)
    expect(childSeeds(0, 2)).toEqual([2357136044, 2546248239]);
  });

  it('accepts every 32-bit seed', () => {
    for (const seed of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      const { uniform, below } = random(seed);
      for (let i = 0; i < 100; i++) {
        const u = uniform();
        expect(u).toBeGreaterThanOrEqual(0);
        expect(u).toBeLessThan(1);
        expect([0, 1, 2]).toContain(below(3));
      }
    }
  });
});

describe('permutation', () => {
  it('gives each order of four elements about equally often', () => {
    const stream = random(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = permutation(4, stream).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // χ² with 23 degrees of freedom exceeds 50 about once in a thousand tries.
    const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(50);
  });
});
