import { describe, expect, it } from 'vitest';
import { Hash64, mix32 } from '../../src/maths/hash.js';

describe('mix32', () => {
  it('is the finalizer of MurmurHash3', () => {
    // fmix32 of the reference code, for 0, 1 and 0xffffffff.
    expect([0, 1, 0xffffffff].map(mix32)).toEqual([0, 0x514e28b7, 0x81f16f39]);
  });

  it('moves about half of the bits when one bit of the input moves', () => {
    let moved = 0;
    for (let value = 0; value < 1000; value++) {
      for (let bit = 0; bit < 32; bit++) {
        let difference = mix32(value) ^ mix32(value ^ (1 << bit));
        for (; difference !== 0; difference &= difference - 1) moved++;
      }
    }
    expect(moved / (1000 * 32 * 32)).toBeCloseTo(0.5, 2);
  });
});

describe('Hash64', () => {
  const hash = new Hash64();
  const of = (...values: number[]) => {
    hash.reset();
    for (const value of values) hash.add(value);
    return `${hash.low},${hash.high}`;
  };

  it('depends on the numbers and on their order, and on nothing before', () => {
    expect(of(1, 2)).toBe(of(1, 2));
    expect(new Set([of(1, 2), of(2, 1), of(1), of(2), of(), of(0), of(0, 0)]).size).toBe(7);
  });

  it('tells 200,000 short sequences apart, in the bits of both halves', () => {
    const seen = new Set<string>();
    const halves = [new Set<number>(), new Set<number>()] as const;
    for (let a = 0; a < 200; a++) {
      for (let b = 0; b < 1000; b++) {
        seen.add(of(a, b));
        halves[0].add(hash.low);
        halves[1].add(hash.high);
      }
    }
    expect(seen.size).toBe(200_000);
    // By chance some five pairs share one half.
    for (const half of halves) expect(half.size).toBeGreaterThan(190_000);
  });
});
