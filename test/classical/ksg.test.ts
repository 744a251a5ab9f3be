import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ksg, neighborCounts } from '../../src/classical/ksg.js';
import { digammaTable } from '../../src/maths/digamma.js';
import { gaussian, normals, samplesOf, uniforms } from '../data.js';

interface Case {
  x: number[][];
  y: number[][];
  k: number;
  ksg1: number;
  ksg2: number;
  sklearn?: number;
  npeet?: number;
}
const golden: { cases: Case[] } = JSON.parse(await readFile('test/golden/classical.json', 'utf8'));

interface JidtSet extends Pick<Case, 'x' | 'y'> {
  answers: Pick<Case, 'k' | 'ksg1' | 'ksg2'>[];
}
const jidt: { sets: JidtSet[] } = JSON.parse(await readFile('test/golden/jidt.json', 'utf8'));

const estimate = (x: number[][], y: number[][], k: number, variant: 1 | 2) =>
  ksg(samplesOf(x, y), { k, variant }).nats;

/** The paper's definition over all row pairs, on columns divided by their standard deviation. */
function reference(x: number[][], y: number[][], k: number, variant: 1 | 2): number {
  const rows = x.length;
  const scale = (side: number[][], c: number) => {
    const column = side.map((row) => row[c] as number);
    const center = column.reduce((a, b) => a + b) / rows;
    return 1 / Math.sqrt(column.reduce((sum, v) => sum + (v - center) ** 2, 0) / rows);
  };
  const distances = (side: number[][]) => {
    const scales = (side[0] as number[]).map((_, c) => scale(side, c));
    return side.map((a) =>
      side.map((b) =>
        Math.max(...a.map((v, c) => Math.abs(v - (b[c] as number)) * (scales[c] as number))),
      ),
    );
  };
  const [dx, dy] = [distances(x), distances(y)];
  const psi = digammaTable(rows);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const [rowX, rowY] = [dx[i] as number[], dy[i] as number[]];
    const others = rowX.map((_, j) => j).filter((j) => j !== i);
    const joint = (j: number) => Math.max(rowX[j] as number, rowY[j] as number);
    const radius = others.map(joint).sort((a, b) => a - b)[k - 1] as number;
    if (variant === 1) {
      const near = (row: number[]) => others.filter((j) => (row[j] as number) < radius).length;
      sum += (psi[near(rowX) + 1] as number) + (psi[near(rowY) + 1] as number);
    } else {
      const inside = others.filter((j) => joint(j) <= radius);
      const count = (row: number[]) => {
        const edge = Math.max(...inside.map((j) => row[j] as number));
        return others.filter((j) => (row[j] as number) <= edge).length;
      };
      sum += (psi[count(rowX)] as number) + (psi[count(rowY)] as number);
    }
  }
  const offset = variant === 2 ? 1 / k : 0;
  return (psi[k] as number) - offset + (psi[rows] as number) - sum / rows;
}

describe('ksg', () => {
  it.each(golden.cases.map((c) => [c.x.length, c.x[0]?.length, c.y[0]?.length, c.k, c] as const))(
    'agrees with brute force in NumPy on %i rows, %i and %i columns, k = %i',
    (_rows, _dimX, _dimY, k, { x, y, ksg1, ksg2 }) => {
      expect(estimate(x, y, k, 1)).toBeCloseTo(ksg1, 9);
      expect(estimate(x, y, k, 2)).toBeCloseTo(ksg2, 9);
    },
  );

  it('agrees with scikit-learn and NPEET on one column per side', () => {
    const compared = golden.cases.filter(({ sklearn }) => sklearn !== undefined);
    expect(compared.length).toBe(3);
    for (const { x, y, k, sklearn, npeet } of compared) {
      // scikit-learn reports 0 for negative estimates.
      expect(Math.max(0, estimate(x, y, k, 1))).toBeCloseTo(sklearn as number, 9);
      expect(estimate(x, y, k, 1)).toBeCloseTo(npeet as number, 9);
    }
  });

  it.each(jidt.sets.map((set) => [set.x[0]?.length, set.y[0]?.length, set] as const))(
    'agrees with JIDT, and thus with MILCA, on %i and %i columns',
    (_dimX, _dimY, { x, y, answers }) => {
      expect(answers.length).toBe(3);
      for (const { k, ksg1, ksg2 } of answers) {
        expect(Math.abs(estimate(x, y, k, 1) - ksg1)).toBeLessThan(1e-7);
        expect(Math.abs(estimate(x, y, k, 2) - ksg2)).toBeLessThan(1e-7);
      }
    },
  );

  it('agrees with brute force on any data, including ties and repeated rows', () => {
    const shape = fc.record({
      seed: fc.nat(1e6),
      rows: fc.integer({ min: 5, max: 180 }),
      dimX: fc.integer({ min: 1, max: 3 }),
      dimY: fc.integer({ min: 1, max: 2 }),
      k: fc.integer({ min: 1, max: 4 }),
      grain: fc.constantFrom(0, 1, 0.25, 1e-3),
    });
    fc.assert(
      fc.property(shape, ({ seed, rows, dimX, dimY, k, grain }) => {
        const normal = normals(seed);
        const value = () => (grain === 0 ? normal() : Math.round(normal() / grain) * grain);
        const x = Array.from({ length: rows }, () => Array.from({ length: dimX }, value));
        const y = x.map(([v = 0]) => Array.from({ length: dimY }, () => v + value()));
        // Constant columns have no scale.
        for (const side of [x, y]) side[0]?.fill(5);
        for (const variant of [1, 2] as const) {
          expect(estimate(x, y, k, variant)).toBeCloseTo(reference(x, y, k, variant), 9);
        }
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it('is near the truth for normal columns', () => {
    const { x, y } = gaussian(5, 3000, 1, 0.8);
    for (const variant of [1, 2] as const) {
      expect(estimate(x, y, 4, variant)).toBeCloseTo(-0.5 * Math.log(1 - 0.64), 1);
    }
  });

  it('does not depend on the order of rows, the scale of columns or which side is x', () => {
    const uniform = uniforms(6);
    const { x, y } = gaussian(6, 300, 2, 0.7);
    const coarse = (side: number[][]) => side.map((row) => row.map((v) => Math.round(4 * v)));
    const [a, b] = [coarse(x), coarse(y)];
    const order = a.map((_, r) => ({ r, key: uniform() })).sort((p, q) => p.key - q.key);
    const pick = (side: number[][], factor: number) =>
      order.map(({ r }) => (side[r] as number[]).map((v) => v * factor));
    for (const variant of [1, 2] as const) {
      const plain = estimate(a, b, 3, variant);
      expect(estimate(pick(b, 1024), pick(a, -0.5), 3, variant)).toBeCloseTo(plain, 9);
    }
  });

  it('is identical to the bit when neighbors are counted in shares of the rows', () => {
    const shape = fc.record({
      seed: fc.nat(1e6),
      rows: fc.integer({ min: 5, max: 300 }),
      dims: fc.constantFrom(1, 2, 4),
      of: fc.integer({ min: 2, max: 7 }),
      tied: fc.boolean(),
      variant: fc.constantFrom<1 | 2>(1, 2),
    });
    fc.assert(
      fc.property(shape, ({ seed, rows, dims, of, tied, variant }) => {
        const { x, y } = gaussian(seed, rows, dims, 0.5);
        const round = (side: number[][]) => side.map((row) => row.map((v) => Math.round(2 * v)));
        const samples = tied ? samplesOf(round(x), round(y)) : samplesOf(x, y);
        const options = { k: 3, variant };
        const shares = Array.from({ length: of }, (_, from) =>
          neighborCounts(samples, options, { from, of }),
        );
        expect(ksg(samples, options, shares)).toEqual(ksg(samples, options));
      }),
      { numRuns: 40, seed: 6 },
    );
  });

  it('is 0 for a constant side and finite for the largest numbers', () => {
    const x = [1, 2, 3, 4, 5].map((v) => [v * 3e307, v]);
    expect(
      estimate(
        x,
        x.map(() => [7, 8]),
        2,
        1,
      ),
    ).toBe(0);
    expect(
      Number.isFinite(
        estimate(
          x,
          x.map(([v = 0]) => [-v]),
          2,
          2,
        ),
      ),
    ).toBe(true);
    const tiny = [0, 5e-324, 1e-323, 1.5e-323, 0].map((v) => [v]);
    expect(Number.isFinite(estimate(tiny, x, 2, 1))).toBe(true);
  });
});
