import { describe, expect, it } from 'vitest';
import { matrixOf } from '../../src/maths/matrix.js';
import { factsOf as factsOfSamples, type SampleFacts } from '../../src/samples/facts.js';
import { normals, uniforms } from '../data.js';

function factsOf(x: number[][], y: number[][]): SampleFacts {
  const side = (columns: number[][]) => matrixOf(columns.map((c) => Float64Array.from(c)));
  return factsOfSamples({ x: side(x), y: side(y) });
}

describe('sampleFacts', () => {
  it('distinguishes 90,000 different rows although every column has ties', () => {
    const grid = Array.from({ length: 90_000 }, (_, r) => [Math.floor(r / 300), r % 300]);
    const column = (c: number) => grid.map((row) => row[c] as number);
    expect(factsOf([column(0)], [column(1)]).repeatedRows).toBe(0);
  });

  it('counts copied rows, which exceed what ties in the columns explain', () => {
    const normal = normals(1);
    const x = Array.from({ length: 100 }, normal);
    const y = Array.from({ length: 100 }, normal);
    const facts = factsOf([[...x, ...x]], [[...y, ...y]]);
    expect(facts.repeatedRows).toBe(100);
    expect(facts.repeatExcess).toBeGreaterThan(50);
  });

  it('does not mistake chance repeats in coarse columns for copies', () => {
    const uniform = uniforms(2);
    const coarse = () => Array.from({ length: 1000 }, () => Math.floor(10 * uniform()));
    const facts = factsOf([coarse()], [coarse()]);
    expect(facts.repeatedRows).toBe(900);
    expect(facts.repeatExcess).toBeCloseTo(1, 1);
  });

  it('finds the most correlated columns of x and y, for either sign', () => {
    const normal = normals(3);
    const [a, b, c] = [0, 1, 2].map(() => Array.from({ length: 50 }, normal)) as [
      number[],
      number[],
      number[],
    ];
    expect(factsOf([a, b], [c]).largestCorrelation).toBeLessThan(0.5);
    expect(factsOf([a, b], [c, b.map((v) => -Math.exp(v))]).largestCorrelation).toBeCloseTo(1, 6);
    expect(factsOf([a], [a.map(() => 1)]).largestCorrelation).toBe(0);
  });

  describe('finds the share of a column that the other side does not explain', () => {
    const normal = normals(4);
    const column = () => Array.from({ length: 400 }, normal);
    const [a, b, noise] = [column(), column(), column()];
    const map = (f: (a: number, b: number, noise: number) => number) =>
      a.map((v, r) => f(v, b[r] as number, noise[r] as number));
    it.each<[string, number[][], number[][]]>([
      [
        'the same columns in another order, or monotone maps of them',
        [a, b],
        [map((_, v) => -Math.exp(v)), a],
      ],
      ['a wave', [a], [map((v) => Math.sin(4 * v))]],
      ['a sum of two columns', [a, b], [map((v, w) => v + w)]],
      ['a curved surface, next to noise', [a, b], [noise, map((v, w) => v + w * w)]],
      ['x as a function of y', [map((v) => v ** 2), noise], [a, noise.map((v) => v ** 3)]],
    ])('0: %s', (_name, x, y) => {
      expect(factsOf(x, y).leastUnexplainedShare).toBeLessThan(0.002);
    });

    it.each<[string, number[][], number[][], number]>([
      ['an independent column', [a, b], [noise], 0.5],
      ['a function with noise of 0.1', [a], [map((v, _, e) => Math.sin(v) + 0.1 * e)], 0.004],
      ['a binary function', [a], [map((v) => (v > 0.3 ? 1 : 0))], 0.02],
      ['independent columns with every row copied', [[...a, ...a]], [[...noise, ...noise]], 0.5],
      ['three rows', [[1, 2, 3]], [[1, 3, 2]], 1],
    ])('%s', (_name, x, y, least) => {
      expect(factsOf(x, y).leastUnexplainedShare).toBeGreaterThanOrEqual(least);
    });
  });
});
