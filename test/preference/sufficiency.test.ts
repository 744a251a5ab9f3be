import { describe, expect, it } from 'vitest';
import { cca } from '../../src/classical/gaussian.js';
import { probit } from '../../src/maths/normal.js';
import { drawComparison } from '../../src/preference/comparison.js';
import type { Pairs } from '../../src/preference/pairs.js';
import { checkComparable, sufficiency, testGain } from '../../src/preference/sufficiency.js';
import type { Samples } from '../../src/samples/samples.js';
import { askBy, model, SPREAD } from '../estimation/exact.js';
import { choicesBy, pairsOf } from './pairs.js';

const options = { level: 0.9, alpha: 0.05, unit: 'nats' as const, resamples: 99, seed: 3 };
const linear = (samples: Samples) => cca(samples) ?? 0;

const ask = (pairs: Pairs, more: object = {}, estimate = linear) =>
  sufficiency(
    askBy(estimate),
    drawComparison({ pairs, ignored: [], maxPairs: 10_000, seed: 1 }),
    model,
    { ...options, ...more },
  );

describe('the verdict', () => {
  it('is outside where a feature decides beside the DID', async () => {
    const { verdict, test, gain, features, pairs } = await ask(choicesBy(1, 400));
    expect(verdict.conclusion).toBe('outside');
    expect(verdict.text).toContain('length');
    expect(test?.p_value).toBe(1 / 100);
    expect(gain.estimate).toBeGreaterThan(10 * (test?.null_gain ?? 1));
    expect({ features, pairs }).toEqual({ features: ['length'], pairs: 400 });
  });

  it('is that none was found where the feature decides nothing', async () => {
    const { verdict, test, gain } = await ask(choicesBy(0, 400));
    expect(verdict.conclusion).toBe('none_found');
    expect(test?.p_value).toBeGreaterThan(0.05);
    expect(gain.estimate).toBeLessThan(0.02);
  });

  it('is open without label draws, or without a finite β', async () => {
    const undrawn = await ask(choicesBy(1, 100), { resamples: 0 });
    expect(undrawn).toMatchObject({ test: null, verdict: { conclusion: 'untested' } });
    const separated = await ask(pairsOf([1, 2, 3, 4], { length: [1, -1, 2, -2] }));
    expect(separated).toMatchObject({ test: null, verdict: { conclusion: 'untested' } });
    expect(separated.warnings.map(({ code }) => code)).toContain('few_rows');
  });
});

describe('information about a label of one bit', () => {
  const bits = (value: number) => value / Math.LN2;
  /** δ says one amount, δ with the features another. */
  const saying = (did: number, all: number) => (samples: Samples) =>
    samples.x.columns === 1 ? did : all;

  it('is at most ln 2 nats, and one bit', async () => {
    const { did, all, gain } = await ask(choicesBy(0, 50), { resamples: 0 }, saying(0.3, 2));
    expect(all).toEqual({ estimate: Math.LN2, lower: Math.LN2, upper: Math.LN2 });
    expect(gain.estimate).toBeCloseTo(Math.LN2 - did.estimate, 12);
    const inBits = { resamples: 0, unit: 'bits' };
    expect((await ask(choicesBy(0, 50), inBits, saying(0.3, 2))).all.estimate).toBe(1);
  });

  it('is gained within the doubt of both estimates, half of it to each', async () => {
    const { gain } = await ask(choicesBy(0, 50), { resamples: 0, unit: 'bits' }, saying(0.2, 0.4));
    const doubt = 2 * SPREAD * probit(0.975);
    expect(gain.estimate).toBeCloseTo(bits(0.2), 10);
    expect(gain.lower).toBeCloseTo(bits(0.2 - doubt), 10);
    expect(gain.upper).toBeCloseTo(bits(0.2 + doubt), 10);
  });

  it('is gained by an interval that does not reach below 0', async () => {
    const none = await ask(choicesBy(0, 50), { resamples: 0 }, saying(0.3, 0.3));
    expect(none.gain).toMatchObject({ estimate: 0, lower: 0 });
    expect(none.gain.upper).toBeCloseTo(2 * SPREAD * probit(0.975), 10);
    const lost = await ask(choicesBy(0, 50), { resamples: 0 }, saying(0.5, 0.2));
    expect(lost.gain.estimate).toBeCloseTo(-0.3, 10);
    expect(lost.gain).toMatchObject({ lower: 0, upper: 0 });
  });
});

describe('testGain', () => {
  const { labeled } = drawComparison({
    pairs: choicesBy(0, 300),
    ignored: [],
    maxPairs: 300,
    seed: 1,
  });
  const gains = (gain: number, medians: number[]) =>
    testGain(labeled, 0.5, gain, { resamples: 19, seed: 2, medians: async () => medians });

  it('counts the label sets whose gain is at least the one seen, and that one', async () => {
    expect((await gains(0.1, [0.25, 0.5])).p_value).toBe(1);
    expect((await gains(0.25, [0.25, 0.5])).p_value).toBe(1);
    expect((await gains(0.3, [0.25, 0.5])).p_value).toBe(0.05);
    expect((await gains(0.2, [0.25, 0.5])).null_gain).toBe(0.25);
  });

  it('draws labels by the power law: the sign of δ says more when β is larger', async () => {
    const agreement = async (beta: number) => {
      const shares: number[] = [];
      const medians = async (did: Samples) => {
        const { x, y } = did;
        const same = x.values.filter((value, r) => value * (y.values[r] as number) > 0).length;
        shares.push(same / x.rows);
        return [0, 0];
      };
      await testGain(labeled, beta, 0, { resamples: 20, seed: 2, medians });
      return shares.reduce((sum, share) => sum + share, 0) / shares.length;
    };
    expect(await agreement(0)).toBeCloseTo(0.5, 1);
    expect(await agreement(50)).toBeGreaterThan(0.97);
    expect(await agreement(0.5)).toBeGreaterThan(0.6);
  });
});

describe('pairs that leave nothing to compare', () => {
  const many = (features: number) =>
    pairsOf(
      new Array(20).fill(1),
      Object.fromEntries(
        Array.from({ length: features }, (_, i) => [`f${i}`, new Array(20).fill(0)]),
      ),
    );
  it.each<[string, Pairs, string, string]>([
    ['no features', many(0), 'missing_field', '/pairs/0/features'],
    ['too many features', many(4), 'too_many_columns', '/pairs/0/features'],
    [
      'too few pairs',
      pairsOf(new Array(9).fill(1), { a: new Array(9).fill(1) }),
      'too_few_rows',
      '/pairs',
    ],
  ])('%s', (_name, pairs, code, pointer) => {
    expect(() => checkComparable(pairs, 4)).toThrow(
      expect.objectContaining({ code, details: { pointer } }),
    );
  });

  it('are not those that fit', () => {
    expect(() => checkComparable(many(3), 4)).not.toThrow();
  });
});
