import { describe, expect, it } from 'vitest';
import {
  logEvidence,
  moments,
  type Part,
  type Prior,
  plain,
  slip,
} from '../../src/discrete/parts.js';
import { mixtureQuantiles, tablePosterior, tableQuantiles } from '../../src/discrete/posterior.js';
import { tableOf, tableOfCounts, transposed } from '../../src/discrete/table.js';

const TAUS = [0.05, 0.25, 0.5, 0.75, 0.95];

const table = (counts: number[][]) =>
  tableOfCounts(Float64Array.from(counts.flat()), counts.length, counts[0]?.length ?? 0);

const B = table([
  [48, 1, 1],
  [2, 45, 3],
  [0, 2, 48],
]);

/** The prior of the reference implementation. */
const REFERENCE: Prior = {
  independence: 0.161,
  inflation: 1.05,
  parts: [
    plain(0.1, 0.0022),
    plain(0.3, 0.0527),
    plain(1, 0.0277),
    plain(3, 0.0439),
    plain(10, 0.0416),
    plain(30, 0.0361),
    plain(100, 0.0181),
    plain(300, 0.0124),
    plain(1000, 0.0082),
    plain(3000, 0.0005),
    plain(10_000, 0.0028),
    slip(0.003, 3, 0.0793),
    slip(0.02, 300, 0.0015),
    slip(0.06, 3, 0.0045),
    slip(0.06, 30, 0.0036),
    slip(0.06, 300, 0.0028),
    slip(0.15, 3, 0.0197),
    slip(0.15, 30, 0.0065),
    slip(0.15, 300, 0.0034),
    slip(0.3, 3, 0.0256),
    slip(0.3, 30, 0.0019),
    slip(0.5, 3, 0.0229),
    slip(0.5, 30, 0.0016),
  ],
};

/** Figures of a reference implementation of the same mixture in NumPy and SciPy. */
describe('the mixture of Dirichlet models', () => {
  it.each([
    [
      'near-diagonal',
      B,
      // biome-ignore lint/suspicious/noApproximativeNumericConstant: a quantile, not √½.
      [0.707, 0.7829, 0.8384, 0.8877, 0.9425],
      [0.7098, 0.78, 0.8292, 0.8774, 0.9444],
    ],
    [
      'almost independent',
      table([
        [20, 30, 50],
        [22, 29, 49],
      ]),
      [0, 0, 0, 0.0052, 0.0156],
      [0, 0, 0, 0.0029, 0.0086],
    ],
    [
      'sparse',
      table([
        [3, 0, 1, 0, 2],
        [0, 4, 0, 1, 0],
        [1, 0, 0, 5, 0],
        [0, 0, 2, 0, 1],
      ]),
      [0.1013, 0.514, 0.7458, 0.9484, 1.1686],
      [0.1013, 0.514, 0.7458, 0.9484, 1.1686],
    ],
    [
      'a function of y',
      table([
        [30, 20, 0, 0],
        [0, 0, 25, 0],
        [0, 0, 0, 25],
      ]),
      [0.933, 1.0162, 1.0541, 1.0779, 1.0939],
      [0.9762, 1.0234, 1.051, 1.0748, 1.0974],
    ],
    [
      'two by two',
      table([
        [60, 40],
        [40, 60],
      ]),
      [0, 0.0073, 0.017, 0.0283, 0.049],
      [0, 0.0079, 0.0175, 0.0274, 0.0423],
    ],
  ])('gives the reference quantiles of a table that is %s', (_name, counts, mixture, blended) => {
    const posterior = tablePosterior(counts, REFERENCE);
    mixtureQuantiles(posterior, TAUS).forEach((q, k) => {
      expect(q).toBeCloseTo(mixture[k] as number, 3.9);
    });
    tableQuantiles(counts, TAUS, REFERENCE).forEach((q, k) => {
      expect(q).toBeCloseTo(blended[k] as number, 3.9);
    });
  });

  it('gives the reference evidence and moments of single parts', () => {
    const flat: Part = { concentration: 1, slips: 1, prior: 1 };
    expect(logEvidence(flat, B)).toBeCloseTo(118.9892, 3.9);
    expect(moments(flat, B).mean).toBeCloseTo(0.82488, 5.9);
    expect(moments(flat, B).variance).toBeCloseTo(0.004333, 5.9);
    const slipping: Part = { concentration: 3, slips: 0.15, prior: 1 };
    expect(logEvidence(slipping, B)).toBeCloseTo(119.0709, 3.9);
    expect(moments(slipping, B).mean).toBeCloseTo(0.856835, 5.9);
    expect(moments(slipping, B).variance).toBeCloseTo(0.003923, 5.9);
  });

  it('weighs independence as the reference does', () => {
    const almost = table([
      [20, 30, 50],
      [22, 29, 49],
    ]);
    expect(tablePosterior(almost, REFERENCE).independence).toBeCloseTo(0.5135, 3.9);
  });
});

describe('tableQuantiles', () => {
  it('does not depend on which side is which', () => {
    const there = tableQuantiles(B, TAUS);
    tableQuantiles(transposed(B), TAUS).forEach((q, k) => {
      expect(q).toBeCloseTo(there[k] as number, 12);
    });
  });

  it('never exceeds the entropy of uniform labels: y = x of three levels', () => {
    const x = Float64Array.from({ length: 300 }, (_, i) => i % 3);
    const [low, , median, , high] = tableQuantiles(tableOf(x, x), TAUS);
    expect(high).toBeLessThanOrEqual(Math.log(3));
    expect(median).toBeCloseTo(1.0986, 3);
    expect(low).toBeGreaterThan(1.08);
  });

  it('is 0 where a side never changes', () => {
    const x = new Float64Array(50);
    const y = Float64Array.from({ length: 50 }, (_, i) => i % 5);
    expect([...tableQuantiles(tableOf(x, y), TAUS)]).toEqual([0, 0, 0, 0, 0]);
  });
});
