import { describe, expect, it } from 'vitest';
import type { SecondOpinion } from '../../src/classical/second-opinion.js';
import { compared } from '../../src/estimation/opinion.js';
import { QuantileFunction } from '../../src/estimation/quantile-function.js';
import { probit } from '../../src/maths/normal.js';

/** A normal distribution: mean 1 nat, standard deviation 0.1. */
const TAUS = [0.05, 0.5, 0.95];
const belief = new QuantileFunction(
  TAUS,
  TAUS.map((tau) => 1 + 0.1 * probit(tau)),
);
/** How far its 99 % interval reaches to either side. */
const REACH = 0.1 * probit(0.995);
/** Three standard errors of 0.02 nats, and the slack of 0.05 nats. */
const ROOM = 3 * 0.02 + 0.05;

const opinion = (nats: number, lowerBound = false): SecondOpinion => ({
  method: 'ksg1',
  nats,
  standardError: 0.02,
  rows: 500,
  lowerBound,
});

const agrees = (nats: number, lowerBound = false) =>
  compared(opinion(nats, lowerBound), belief, 'nats').agrees;

describe('a second opinion', () => {
  it('agrees as far as the interval and its own error reach, on either side', () => {
    const edge = REACH + ROOM;
    expect([1 - edge + 1e-6, 1, 1 + edge - 1e-6].map((nats) => agrees(nats))).toEqual([
      true,
      true,
      true,
    ]);
    expect([1 - edge - 1e-6, 1 + edge + 1e-6].map((nats) => agrees(nats))).toEqual([false, false]);
  });

  it('that reads low may be any amount below, and not above', () => {
    expect(agrees(0, true)).toBe(true);
    expect(agrees(1.6, true)).toBe(false);
  });

  it('is given in the unit, and judged in nats', () => {
    const inBits = compared(opinion(1.1), belief, 'bits');
    expect(inBits.estimate).toBeCloseTo(1.1 / Math.LN2, 12);
    expect(inBits.standard_error).toBeCloseTo(0.02 / Math.LN2, 12);
    expect(inBits).toMatchObject({ method: 'ksg1', rows: 500, agrees: true });
  });
});
