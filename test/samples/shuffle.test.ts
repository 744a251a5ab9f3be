import { describe, expect, it } from 'vitest';
import { rearranged } from '../../src/estimation/question.js';
import type { Matrix } from '../../src/maths/matrix.js';
import { past } from '../../src/samples/lags.js';
import { shuffledRows, WorkCancelled } from '../../src/samples/shuffle.js';
import { normals } from '../data.js';

const never = () => false;
const sorted = (order: ArrayLike<number>) => Array.from(order).sort((a, b) => a - b);
const rows = (count: number) => Array.from({ length: count }, (_, r) => r);

function column(...values: number[]): Matrix {
  return { rows: values.length, columns: 1, values: Float64Array.from(values) };
}

describe('shuffledRows', () => {
  it('keeps every row, and another seed gives another order', () => {
    const one = shuffledRows({ kind: 'rows', seed: 1 }, 50, never);
    expect(sorted(one)).toEqual(rows(50));
    expect(shuffledRows({ kind: 'rows', seed: 1 }, 50, never)).toEqual(one);
    expect(shuffledRows({ kind: 'rows', seed: 2 }, 50, never)).not.toEqual(one);
  });

  it('keeps blocks of rows together', () => {
    const order = shuffledRows({ kind: 'blocks', seed: 3, length: 10 }, 104, never);
    expect(sorted(order)).toEqual(rows(104));
    const follows = (r: number, i: number) => r === ((order[i - 1] as number) + 1) % 104;
    // Eleven blocks have at most ten boundaries.
    const broken = Array.from(order).filter((r, i) => i > 0 && !follows(r, i));
    expect(broken.length).toBeGreaterThan(3);
    expect(broken.length).toBeLessThanOrEqual(10);
  });

  it('exchanges only rows of similar z', () => {
    const z = column(...rows(60).map((r) => (r * 37) % 60));
    const order = shuffledRows({ kind: 'neighbors', seed: 4, z }, 60, never);
    let moved = 0;
    order.forEach((taken, r) => {
      const distance = Math.abs((z.values[taken] as number) - (z.values[r] as number));
      // Two exchanges, each among the five nearest.
      expect(distance).toBeLessThanOrEqual(8);
      if (taken !== r) moved++;
    });
    expect(moved).toBeGreaterThan(30);
    // Every row occurs once: repeated rows would look like dependence.
    expect(sorted(order)).toEqual(rows(60));
  });

  it('exchanges rows within the classes of a discrete z', () => {
    const z = column(...rows(300).map((r) => r % 2));
    const order = shuffledRows({ kind: 'neighbors', seed: 5, z }, 300, never);
    order.forEach((taken, r) => {
      expect(taken % 2).toBe(r % 2);
    });
    const far = Array.from(order).filter((taken, r) => Math.abs(taken - r) > 20);
    expect(far.length).toBeGreaterThan(150);
  });

  it('stops the neighbor search when it is cancelled', () => {
    const z = column(1, 2, 3);
    const shuffle = { kind: 'neighbors', seed: 6, z } as const;
    expect(() => shuffledRows(shuffle, 3, () => true)).toThrow(WorkCancelled);
  });
});

describe('rearranged', () => {
  it('puts equal values in random order and keeps the order of different values', () => {
    const x = column(2, 1, 2, 1, 2, 3);
    const orders = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { x: untied } = rearranged(
        { x, y: x, breakTies: { x: seed, y: 0 } },
        { x, y: x },
        never,
      );
      expect(sorted(untied.values)).toEqual(rows(6));
      expect([untied.values[1], untied.values[3]].every((rank = 9) => rank < 2)).toBe(true);
      expect(untied.values[5]).toBe(5);
      orders.add(untied.values.join());
    }
    // 2! orders of the ones times 3! orders of the twos.
    expect(orders.size).toBe(12);
  });
});

describe('past', () => {
  it('lists the rows before each row, the most recent first', () => {
    const normal = normals(7);
    const series = { rows: 9, columns: 2, values: Float64Array.from({ length: 18 }, normal) };
    const embedded = past(series, 3, 4);
    expect([embedded.rows, embedded.columns]).toEqual([5, 6]);
    for (let t = 4; t < 9; t++) {
      for (let lag = 1; lag <= 3; lag++) {
        for (let c = 0; c < 2; c++) {
          const value = embedded.values[((lag - 1) * 2 + c) * 5 + (t - 4)];
          expect(value).toBe(series.values[c * 9 + t - lag]);
        }
      }
    }
  });
});
