import { describe, expect, it } from 'vitest';
import { random, randomSubset, range } from '../../src/maths/random.js';

describe('randomSubset', () => {
  it('draws each ordered pair of five about equally often', () => {
    const stream = random(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const key = randomSubset(5, 2, stream).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(20);
    // χ² with 19 degrees of freedom stays below 44 but once in a thousand.
    const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(44);
  });

  it('never takes one twice, and takes all when asked for all', () => {
    const stream = random(4);
    for (let size = 0; size <= 9; size++) {
      expect(new Set(randomSubset(9, size, stream)).size).toBe(size);
    }
    expect([...randomSubset(9, 9, stream)].sort()).toEqual([...range(9)]);
  });

  it('draws no more numbers than it takes: a small subset of many is cheap', () => {
    let draws = 0;
    const { uniform, below } = random(5);
    const counted = {
      uniform,
      below: (count: number) => {
        draws++;
        return below(count);
      },
    };
    randomSubset(100_000, 10, counted);
    expect(draws).toBe(10);
  });
});
