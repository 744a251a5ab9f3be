import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxSearch } from '../../src/classical/box-search.js';
import { KdTree } from '../../src/classical/kd-tree.js';
import { type SortedColumn, sortColumn } from '../../src/classical/sorted-column.js';
import { normals } from '../data.js';

/** Correlated columns of unequal scales; multiples of `grain` unless it is 0. */
function columnsOf(seed: number, rows: number, columns: number, grain: number): SortedColumn[] {
  const normal = normals(seed);
  const shared = Float64Array.from({ length: rows }, normal);
  return Array.from({ length: columns }, (_, c) => {
    const values = shared.map((v) => v + (c + 1) * normal());
    const coarse = grain === 0 ? values : values.map((v) => Math.round(v / grain) * grain);
    return sortColumn(coarse, 1 / (c + 1));
  });
}

describe('BoxSearch and KdTree', () => {
  const shape = fc.record({
    seed: fc.nat(1e6),
    rows: fc.integer({ min: 2, max: 400 }),
    columns: fc.integer({ min: 1, max: 9 }),
    grain: fc.constantFrom(0, 2, 0.25),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it('find the same neighbors, to the bit', () => {
    fc.assert(
      fc.property(shape, ({ seed, rows, columns, grain, share }) => {
        const sorted = columnsOf(seed, rows, columns, grain);
        const [boxes, tree] = [new BoxSearch(sorted), new KdTree(sorted)];
        const k = 1 + Math.floor(share ** 9 * (rows - 2));
        const radii = tree.kthDistances(k);
        expect(boxes.kthDistances(k)).toEqual(radii);
        const split = Math.ceil(share * columns);
        expect(boxes.rectangles(k, split)).toEqual(tree.rectangles(k, split));
        const wider = radii.map((radius, r) => (r % 7 === 0 ? 0 : radius * (1 + share)));
        expect(boxes.countsWithin(wider)).toEqual(tree.countsWithin(wider));
      }),
      { numRuns: 25, seed: 5 },
    );
  });

  it('find the same neighbors in many columns of many rows', () => {
    const sorted = columnsOf(1, 2500, 40, 0);
    const [boxes, tree] = [new BoxSearch(sorted), new KdTree(sorted)];
    const radii = tree.kthDistances(3);
    expect(boxes.kthDistances(3)).toEqual(radii);
    expect(boxes.countsWithin(radii)).toEqual(tree.countsWithin(radii));
    expect(boxes.rectangles(3, 20)).toEqual(tree.rectangles(3, 20));
  });
});
