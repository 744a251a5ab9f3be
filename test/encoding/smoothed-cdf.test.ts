import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { silvermanBandwidth, throughSmoothedCdf } from '../../src/encoding/smoothed-cdf.js';

/** Derivatives by PyTorch's autograd, from test/golden/smoothed_cdf.py. */
interface Case {
  samples: number[];
  scores: number[];
  cotangent: number[];
  bandwidth: number;
  gradient: number[];
}
const golden: Case[] = JSON.parse(readFileSync('test/golden/smoothed_cdf.json', 'utf8'));

describe('throughSmoothedCdf', () => {
  it.each(golden.map((c, i) => [i, c] as const))('agrees with autograd, case %i', (_i, c) => {
    const samples = Float64Array.from(c.samples);
    expect(silvermanBandwidth(samples) / c.bandwidth).toBeCloseTo(1, 10);
    const gradient = throughSmoothedCdf(samples, c.scores, c.cotangent);
    const size = Math.max(...c.gradient.map(Math.abs));
    gradient.forEach((value, r) => {
      expect(value / size).toBeCloseTo((c.gradient[r] as number) / size, 8);
    });
  });

  it('is 0 for a constant column and finite for the largest and smallest numbers', () => {
    const ones = [1, 2, 3, 4];
    expect([...throughSmoothedCdf(Float64Array.from([7, 7, 7, 7]), [0, 0, 0, 0], ones)]).toEqual([
      0, 0, 0, 0,
    ]);
    for (const size of [Number.MAX_VALUE, Number.MIN_VALUE]) {
      const column = Float64Array.from([-size, 0, size, size / 2]);
      const gradient = throughSmoothedCdf(column, [-1.1, -0.3, 1.1, 0.3], ones);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });
});
