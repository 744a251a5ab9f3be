import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logSigmoid, logSumExp, sigmoid } from '../../src/maths/log-space.js';
import { orderStatistics } from '../../src/maths/order-statistics.js';
import type { Prompt } from '../../src/preference/candidates.js';
import { ClusterIndex } from '../../src/preference/cluster-index.js';
import { singleClusters } from '../../src/preference/clusters.js';
import { promptDid } from '../../src/preference/distribution.js';
import { promptEntropy } from '../../src/preference/entropy.js';
import { fitLogistic } from '../../src/preference/logistic.js';
import { regressLogRatios } from '../../src/preference/power-law.js';
import { rejectedPrompts, rejectedWeights } from '../../src/preference/rejected.js';

const logp = fc.oneof(
  fc.double({ min: -30, max: 0, noNaN: true }),
  fc.double({ min: -20_000, max: 0, noNaN: true }),
);
const beta = fc.double({ min: 0.01, max: 5, noNaN: true });
const prompt = fc
  .array(fc.tuple(logp, logp), { minLength: 2, maxLength: 12 })
  .map((pairs) => promptOf(pairs));

function promptOf(pairs: readonly (readonly [number, number])[]): Prompt {
  return {
    id: 'p',
    candidates: pairs.map(([policy, reference], i) => ({
      id: String(i),
      policy,
      reference,
      rejected: undefined,
      tokens: undefined,
    })),
  };
}

/** Normalized log-probabilities of a whole support. */
const support = fc
  .array(
    fc.tuple(
      fc.double({ min: -9, max: 0, noNaN: true }),
      fc.double({ min: -9, max: 0, noNaN: true }),
    ),
    {
      minLength: 2,
      maxLength: 12,
    },
  )
  .map((pairs) => {
    const z = [0, 1].map((m) => logSumExp(pairs.map((pair) => pair[m] as number)));
    return promptOf(pairs.map(([p, r]) => [p - (z[0] as number), r - (z[1] as number)] as const));
  });

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

describe('the DID of candidates', () => {
  it('sums to 1 and has an entropy from 0 to log n, for log-probs down to −20,000', () => {
    fc.assert(
      fc.property(prompt, beta, (p, b) => {
        const did = promptDid(p, b);
        expect(sum(did.candidates.map((c) => c.did))).toBeCloseTo(1, 12);
        expect(did.entropy).toBeGreaterThanOrEqual(0);
        expect(did.entropy).toBeLessThanOrEqual(Math.log(p.candidates.length) + 1e-9);
        expect(Number.isFinite(did.log_normalizer)).toBe(true);
      }),
    );
  });

  it('makes βδ the difference of β log q: preferences encode the DID', () => {
    fc.assert(
      fc.property(prompt, beta, (p, b) => {
        const { candidates, log_normalizer } = promptDid(p, b);
        const logQ = candidates.map((c) => c.log_ratio - log_normalizer);
        candidates.forEach((w, i) => {
          candidates.forEach((l, j) => {
            const byDid = sigmoid(b * ((logQ[i] as number) - (logQ[j] as number)));
            expect(byDid).toBeCloseTo(sigmoid(w.reward - l.reward), 9);
          });
        });
      }),
    );
  });

  it('keeps the margin identity M_ref − M_l = β (M_* − M_ref) between neighbors', () => {
    fc.assert(
      fc.property(prompt, beta, (p, b) => {
        const weights = rejectedWeights(p, 'support', b);
        for (const margin of promptDid(p, b).margins) {
          expect(margin.difference).toBeGreaterThanOrEqual(0);
          const scale = 1e-9 * (1 + Math.abs(margin.policy) + Math.abs(margin.reference));
          expect(Math.abs(margin.policy - margin.reference - margin.difference)).toBeLessThan(
            scale,
          );
          const [above, below] = [margin.above, margin.below].map((id) => weights[Number(id)]);
          const logRatio = Math.log(above as number) - Math.log(below as number);
          // Only if neither weight underflows.
          if (Number.isFinite(logRatio) && Math.min(above as number, below as number) > 1e-300) {
            expect(logRatio).toBeCloseTo(margin.rejected, 6);
          }
        }
      }),
    );
  });

  it('determines π_l: π_ref q^−β, renormalized, is the rejected distribution', () => {
    fc.assert(
      fc.property(support, beta, (p, b) => {
        const { candidates } = promptDid(p, b);
        const unnormalized = p.candidates.map(
          ({ reference }, i) => reference - b * Math.log(candidates[i]?.did as number),
        );
        const z = logSumExp(unnormalized);
        const weights = rejectedWeights(p, 'support', b);
        weights.forEach((weight, i) => {
          expect(weight).toBeCloseTo(Math.exp((unnormalized[i] as number) - z), 9);
        });
        // A policy that learned from such pairs obeys the power law.
        const withRejected = {
          ...p,
          candidates: p.candidates.map((c, i) => ({
            ...c,
            rejected: (unnormalized[i] as number) - z,
          })),
        };
        const [report] = rejectedPrompts([withRejected], {
          source: 'support',
          beta: b,
          draws: 3,
          seed: 1,
        });
        expect(report?.order_check?.largest_deviation).toBeLessThan(1e-8);
        const spread = promptDid(p, b).margins.reduce((most, m) => Math.max(most, m.difference), 0);
        if (spread > 0.01) {
          const fit = regressLogRatios([withRejected], 0.9);
          expect(fit.beta).toBeCloseTo(b, 6);
          expect(fit.verdict.conclusion).toBe('exact');
        }
      }),
    );
  });
});

describe('the order check', () => {
  it('counts as many falling pairs as a comparison of all pairs', () => {
    const values = fc.array(
      fc.tuple(
        fc.integer({ min: -5, max: 0 }),
        fc.integer({ min: -5, max: 0 }),
        fc.integer({ min: -5, max: 0 }),
      ),
      { minLength: 2, maxLength: 15 },
    );
    fc.assert(
      fc.property(values, (rows) => {
        const candidates = rows.map(([policy, reference, rejected], i) => ({
          id: String(i),
          policy,
          reference,
          rejected,
          tokens: undefined,
        }));
        let violated = 0;
        for (const a of candidates) {
          for (const b of candidates) {
            const x = a.policy - a.reference - (b.policy - b.reference);
            const y = a.reference - a.rejected - (b.reference - b.rejected);
            if (x > 0 && y < 0) violated++;
          }
        }
        const options = { source: 'reference', beta: 1, draws: 0, seed: 0 } as const;
        const [report] = rejectedPrompts([{ id: 'p', candidates }], options);
        expect(report?.order_check?.violated).toBe(violated);
      }),
    );
  });
});

describe('draws of the rejected distribution', () => {
  const prompt = promptOf([
    [-1, -2],
    [-2, -1],
    [-3, -3],
  ]);
  const draw = (seed: number, draws: number) =>
    rejectedPrompts([prompt], { source: 'reference', beta: 1, draws, seed })[0];

  it('are the same for the same seed, and different for another seed', () => {
    expect(draw(7, 50)?.drawn).toEqual(draw(7, 50)?.drawn);
    expect(draw(7, 50)?.drawn).not.toEqual(draw(8, 50)?.drawn);
  });

  it('appear in proportion to their weights', () => {
    const report = draw(1, 1000);
    for (const { id, weight } of report?.candidates ?? []) {
      const share = (report?.drawn.filter((drawn) => drawn === id).length ?? 0) / 1000;
      expect(Math.abs(share - weight)).toBeLessThan(4 * Math.sqrt((weight * (1 - weight)) / 1000));
    }
  });
});

describe('the entropy estimate', () => {
  it('equals the exact entropy if the draws have the proportions of the policy', () => {
    const p = promptOf([0.1, 0.2, 0.3, 0.4].map((q) => [Math.log(q), Math.log(0.5 - q)] as const));
    const exact = promptEntropy(p, 'support').entropy;
    const counts = [1, 2, 3, 4].map((n) => n * 400);
    const candidates = p.candidates.flatMap((c, i) =>
      Array.from({ length: counts[i] ?? 0 }, () => c),
    );
    const estimate = promptEntropy({ id: 'p', candidates }, 'policy');
    expect(estimate.entropy).toBeCloseTo(exact, 9);
    expect(estimate.standard_error).toBeLessThan(0.05);
  });

  it('stays finite when one draw has all the weight', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(logp, logp), { minLength: 2, maxLength: 9 }), (pairs) => {
        for (const proposal of ['policy', 'reference'] as const) {
          const { entropy, standard_error, ess } = promptEntropy(promptOf(pairs), proposal);
          expect([entropy, standard_error, ess].every(Number.isFinite)).toBe(true);
          expect(ess).toBeGreaterThanOrEqual(1 - 1e-12);
        }
      }),
    );
  });
});

describe('the logistic fit', () => {
  const columns = fc
    .array(fc.double({ min: -20_000, max: 20_000, noNaN: true }), { minLength: 4, maxLength: 40 })
    .filter((values) => values.some((v) => v > 0.01) && values.some((v) => v < -0.01))
    .map((values) => Float64Array.from(values));

  it('is where the derivative of the likelihood vanishes', () => {
    fc.assert(
      fc.property(columns, (column) => {
        const fit = fitLogistic([column], singleClusters(column.length));
        expect(fit.status).toBe('fitted');
        const b = fit.coefficients?.[0] as number;
        const slope = sum(column.map((x) => x * sigmoid(-b * x)));
        const size = sum(column.map(Math.abs));
        expect(Math.abs(slope)).toBeLessThan(1e-7 * size);
      }),
    );
  });

  it('recognizes separated data, in one column and in several', () => {
    const each = singleClusters(4);
    const positive = Float64Array.of(1, 2, 3, 0);
    expect(fitLogistic([positive], each).status).toBe('separated');
    const a = Float64Array.of(1, -1, 2, -2);
    const b = Float64Array.of(-0.5, 2, -1, 3);
    expect(fitLogistic([a, b], each).status).toBe('separated');
    expect(fitLogistic([new Float64Array(4)], each).status).toBe('constant');
  });
});

it('log σ and σ are accurate from −20,000 to 20,000', () => {
  expect(logSigmoid(-20_000)).toBe(-20_000);
  expect(logSigmoid(20_000)).toBeCloseTo(0, 300);
  expect(sigmoid(-700)).toBeGreaterThan(0);
  fc.assert(
    fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (a) => {
      expect(sigmoid(a) + sigmoid(-a)).toBeCloseTo(1, 14);
      expect(logSigmoid(a)).toBeCloseTo(Math.log(sigmoid(a)), 10);
    }),
  );
});

it('prompts are numbered as by a map of their names', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 5000 }), (names) => {
      const index = new ClusterIndex();
      const known = new Map<string, number>();
      const expected = names.map((name) => {
        index.push(name);
        if (!known.has(name)) known.set(name, known.size);
        return known.get(name) as number;
      });
      expect([...(index.finish().of ?? [])]).toEqual(expected);
    }),
    { numRuns: 20 },
  );
  const index = new ClusterIndex();
  for (let i = 0; i < 200_000; i++) index.push(`prompt ${i}`);
  expect(index.finish().count).toBe(200_000);
});

it('order statistics are the values of the sorted list', () => {
  const size = fc.oneof(
    fc.double({ min: 0, max: 1e13, noNaN: true }),
    fc.double({ min: 1, max: 1.001, noNaN: true }),
    fc.constantFrom(0, 1, 2),
  );
  fc.assert(
    fc.property(fc.array(size, { minLength: 1 }), fc.integer({ min: 2, max: 20 }), (list, bins) => {
      const places = Array.from({ length: bins - 1 }, (_, b) =>
        Math.floor(((b + 1) * list.length) / bins),
      );
      const values = Float64Array.from(list, Math.abs);
      const sorted = values.slice().sort();
      expect([...orderStatistics(values, places)]).toEqual(places.map((place) => sorted[place]));
    }),
  );
});
