import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/maths/matrix.js';
import { drawComparison, samplesOf } from '../../src/preference/comparison.js';
import { choicesBy, pairsOf } from './pairs.js';

const draw = (pairs: ReturnType<typeof pairsOf>, maxPairs = 10_000, seed = 1) =>
  drawComparison({ pairs, ignored: [], maxPairs, seed });

describe('labeled pairs', () => {
  it('turn a pair and its label together, so each sign of δ says who was chosen', () => {
    const { labeled } = draw(pairsOf([1, 2, 3, 4, 5], { length: [5, -4, 3, -2, 1] }));
    const [did, label] = [columnOf(labeled.did.x, 0), columnOf(labeled.did.y, 0)];
    label.forEach((sign, r) => {
      expect(Math.abs(sign)).toBe(1);
      expect(did[r]).toBe(sign * (r + 1));
      expect(columnOf(labeled.all.x, 0)[r]).toBe(did[r]);
      expect(columnOf(labeled.all.x, 1)[r]).toBe(sign * ([5, -4, 3, -2, 1][r] as number));
    });
  });

  it('put about half of the pairs the other way round', () => {
    const { labeled } = draw(pairsOf(new Array(1000).fill(1)));
    const turned = [...labeled.did.y.values].filter((sign) => sign < 0).length;
    // Four standard errors around 500.
    expect(Math.abs(turned - 500)).toBeLessThan(64);
  });

  it('are a random subset of too many, with their features and a warning', () => {
    const margins = Array.from({ length: 300 }, (_, i) => i + 1);
    const { labeled, warnings } = draw(pairsOf(margins, { twice: margins.map((m) => 2 * m) }), 100);
    expect(labeled.pairs).toBe(100);
    expect(new Set(labeled.margins).size).toBe(100);
    const mean = labeled.margins.reduce((sum, margin) => sum + margin, 0) / 100;
    expect(Math.abs(mean - 150.5)).toBeLessThan(30);
    labeled.margins.forEach((margin, r) => {
      expect(labeled.features.get('twice')?.[r]).toBe(2 * margin);
    });
    expect(warnings.map(({ code }) => code)).toContain('subsampled');
    expect(draw(pairsOf(margins)).warnings.map(({ code }) => code)).not.toContain('subsampled');
  });

  it('are the same for the same seed, and others for another', () => {
    const pairs = choicesBy(0, 200);
    expect(draw(pairs).labeled.did).toEqual(draw(pairs).labeled.did);
    expect(draw(pairs, 10_000, 2).labeled.did.y).not.toEqual(draw(pairs).labeled.did.y);
  });

  it('may carry labels of another law than their turns', () => {
    const turns = Float64Array.of(1, -1);
    const labels = Float64Array.of(-1, -1);
    const { did } = samplesOf(Float64Array.of(3, 4), new Map(), turns, labels);
    expect([[...did.x.values], [...did.y.values]]).toEqual([
      [3, -4],
      [-1, -1],
    ]);
  });
});

describe('the linear check', () => {
  it('finds β and the weight of a feature, within their errors', () => {
    const { beta, linear } = draw(choicesBy(1, 3000));
    const [length] = linear?.features ?? [];
    expect(Math.abs((length?.coefficient ?? 0) - 1)).toBeLessThan(
      4 * (length?.standard_error ?? 0),
    );
    expect(length?.standard_error).toBeLessThan(0.1);
    expect(length?.p_value).toBeLessThan(1e-6);
    expect(linear?.all).toBeGreaterThan((linear?.did ?? 1) + 0.05);
    expect(linear?.all).toBeLessThan(Math.LN2);
    // Without the feature, β is smaller than its weight in the law.
    expect(beta).toBeGreaterThan(0.3);
    expect(beta).toBeLessThan(0.5);
  });

  it('is left out where no finite β fits', () => {
    const { beta, linear } = draw(pairsOf([1, 2, 3], { length: [1, -1, 1] }));
    expect([beta, linear]).toEqual([null, null]);
  });
});
