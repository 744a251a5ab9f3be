import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixed, type Sides, uniforms } from '../../data.js';
import { sharedService } from '../../service.js';

/** Only few runs, because each needs two estimates by the served model. */
const RUNS = { numRuns: 12, seed: 20 };

const service = sharedService();

/** Seeds and shapes. Some have more rows than a block; their split must not depend on the order. */
const cases = fc.record({
  seed: fc.nat(1_000_000),
  rows: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 10, max: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 501, max: 1300 }) },
  ),
  dimX: fc.integer({ min: 1, max: 4 }),
  dimY: fc.integer({ min: 1, max: 4 }),
});

/** Maps that preserve the order of doubles of ordinary size. */
const increasing: ((v: number) => number)[] = [
  (v) => v ** 3 + 5 * v,
  Math.exp,
  Math.asinh,
  (v) => 1e9 * v - 3,
];

async function expectSame(a: Sides, b: Sides): Promise<void> {
  const quantiles = [0.05, 0.5, 0.95];
  const [left, right] = await Promise.all(
    [a, b].map(async (samples) => service.post({ ...samples, quantiles })),
  );
  left?.body.quantiles.forEach(({ value }, k) => {
    const other = right?.body.quantiles[k]?.value as number;
    expect(Math.abs(value - other)).toBeLessThanOrEqual(1e-4 * Math.max(value, other) + 1e-6);
  });
}

/** Checks that a change of samples leaves the answer unchanged. */
async function holds(change: (sides: Sides, random: () => number) => Sides): Promise<void> {
  await fc.assert(
    fc.asyncProperty(cases, async ({ seed, rows, dimX, dimY }) => {
      const sides = mixed(seed, rows, dimX, dimY);
      await expectSame(sides, change(sides, uniforms(seed)));
    }),
    RUNS,
  );
}

describe('the answer does not depend on', () => {
  it('the order of rows if one column mirrors another', async () => {
    const x = mixed(3, 41, 1, 1).x;
    const order = shuffled(x.length, uniforms(4));
    const turned = order.map((r) => x[r] as number[]);
    const mirror = (rows: number[][]) => rows.map((row) => row.map((v) => -v));
    await expectSame({ x, y: mirror(x) }, { x: turned, y: mirror(turned) });
    await expectSame({ x, y: mirror(x) }, { x, y: x });
  });

  it('the order of rows', () =>
    holds(({ x, y }, random) => {
      const order = shuffled(x.length, random);
      return { x: order.map((r) => x[r] as number[]), y: order.map((r) => y[r] as number[]) };
    }));

  it('the order of columns within x', () =>
    holds(({ x, y }, random) => ({ x: reordered(x, random), y })));

  it('the order of columns within y', () =>
    holds(({ x, y }, random) => ({ x, y: reordered(y, random) })));

  it('which side is x', () => holds(({ x, y }) => ({ x: y, y: x })));

  it('strictly increasing maps of any column', () =>
    holds(({ x, y }, random) => ({ x: mapped(x, random, 1), y: mapped(y, random, 1) })));

  it('strictly decreasing maps of any column', () =>
    holds(({ x, y }, random) => ({ x: mapped(x, random, -1), y: mapped(y, random, -1) })));

  it('all of these at once, with tied values', () =>
    fc.assert(
      fc.asyncProperty(cases, async ({ seed, rows, dimX, dimY }) => {
        const round = (side: number[][]) =>
          side.map((row) => row.map((v) => Math.round(v * 4) / 4));
        const { x, y } = mixed(seed, rows, dimX, dimY);
        const sides = { x: round(x), y: round(y) };
        const random = uniforms(seed);
        const order = shuffled(rows, random);
        const pick = (side: number[][]) =>
          reordered(
            mapped(
              order.map((r) => side[r] as number[]),
              random,
              -1,
            ),
            random,
          );
        await expectSame(sides, { x: pick(sides.y), y: pick(sides.x) });
      }),
      RUNS,
    ));
});

/** Applies a random map to each column; with direction −1, about half of them are decreasing. */
function mapped(side: number[][], random: () => number, direction: 1 | -1): number[][] {
  const maps = (side[0] ?? []).map(() => {
    const map = increasing[Math.floor(random() * increasing.length)] as (v: number) => number;
    const sign = direction === -1 && random() < 0.5 ? -1 : 1;
    return (v: number) => sign * map(v);
  });
  return side.map((row) => row.map((v, c) => maps[c]?.(v) as number));
}

function reordered(side: number[][], random: () => number): number[][] {
  const order = shuffled(side[0]?.length ?? 0, random);
  return side.map((row) => order.map((c) => row[c] as number));
}

function shuffled(length: number, random: () => number): number[] {
  return Array.from({ length }, (_, i) => ({ i, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ i }) => i);
}
