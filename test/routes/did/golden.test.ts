import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DistributionReply } from '../../../src/routes/did/distribution/schema.js';
import type { EntropyReply } from '../../../src/routes/did/entropy/schema.js';
import type { PairsReply } from '../../../src/routes/did/pairs/schema.js';
import type { PowerLawReply } from '../../../src/routes/did/power-law/schema.js';
import type { RejectedReply } from '../../../src/routes/did/rejected/schema.js';
import { sharedService } from '../../service.js';

/** Answers of NumPy, SciPy and PyTorch; test/golden/did.py makes them. */
interface Golden {
  pairs: {
    beta: number;
    pairs: Record<string, unknown[]>;
    losses: Record<string, MeanAndError>;
    metrics: Record<string, MeanAndError>;
    displacement: Record<string, MeanAndError>;
    preference_probability: MeanAndError;
    information: MeanAndError;
    beta_fit: [beta: number, error: number, clustered: number];
    cubed_margin: [ratio: number, p: number];
    length_difference: [ratio: number, p: number];
    z: number;
  }[];
  entropy: {
    policy: number[];
    reference: number[];
    proposal_policy: [number, number, number, number];
    proposal_reference: [number, number, number, number];
  }[];
  regression: {
    policy: number[][];
    reference: number[][];
    rejected: number[][];
    beta: number;
    standard_error: number;
    r_squared: number;
    largest_residual: number;
  };
}
type MeanAndError = [mean: number, standardError: number];

const golden: Golden = JSON.parse(readFileSync('test/golden/did.json', 'utf8'));

const service = sharedService();

async function post<T>(path: string, body: unknown): Promise<T> {
  const answer = await service.post<T>(body, undefined, path);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** Equal to some digits, relative to the larger of 1e-6 and the value expected. */
function near(actual: number | null | undefined, expected: number, digits = 9): void {
  expect(actual).not.toBeNull();
  const error = Math.abs((actual as number) - expected) / Math.max(1e-6, Math.abs(expected));
  expect(error, `${actual} for ${expected}`).toBeLessThan(10 ** -digits);
}

describe.each(golden.pairs.map((c, i) => [i, c] as const))('pairs of case %i', (_i, c) => {
  const ask = (more: object = {}) =>
    post<PairsReply>('/did/pairs', { pairs: c.pairs, beta: c.beta, ...more });

  it('have the means and the clustered errors of NumPy', async () => {
    const body = await ask({ per_pair: true });
    const check = (actual: Record<string, unknown>, expected: Record<string, MeanAndError>) => {
      for (const [name, [mean, error]] of Object.entries(expected)) {
        const { mean: m, standard_error, lower, upper } = actual[name] as PairsReply['ties'];
        near(m, mean);
        near(standard_error, error);
        near(upper, mean + c.z * error);
        near(lower, mean - c.z * error);
      }
    };
    check(body.metrics, c.metrics);
    check(body.displacement, c.displacement);
    check(body, { preference_probability: c.preference_probability });
    check(body.information, { nats: c.information });
    near(body.information.bits.mean, c.information[0] / Math.LN2);
    expect(body.prompts).toBe(new Set(c.pairs.prompt_id).size);
    expect(body.per_pair?.length).toBe(body.pairs);
    const margins = body.per_pair?.map(({ margin }) => margin) ?? [];
    near(margins.reduce((a, b) => a + b, 0) / margins.length, body.metrics['rewards/margins'].mean);
  });

  it.each(['sigmoid', 'robust', 'ipo', 'hinge'])('have the %s loss of PyTorch', async (loss) => {
    const body = await ask({ loss, label_smoothing: loss === 'robust' ? 0.1 : 0 });
    const [mean, error] = c.losses[loss] as MeanAndError;
    near(body.metrics.loss.mean, mean);
    near(body.metrics.loss.standard_error, error);
  });

  it('have the β at which the autograd derivative vanishes', async () => {
    const { beta_fit } = await ask();
    const [beta, error, clustered] = c.beta_fit;
    expect(beta_fit.status).toBe('fitted');
    near(beta_fit.beta, beta);
    near(beta_fit.standard_error, error);
    near(beta_fit.clustered_standard_error, clustered);
  });

  it('have the likelihood ratios and p-values of SciPy', async () => {
    const { pairs } = await post<PowerLawReply>('/did/power-law', { pairs: c.pairs });
    for (const test of pairs?.tests ?? []) {
      const [ratio, p] = c[test.term];
      near(test.likelihood_ratio, ratio, 7);
      near(test.p_value, p, 6);
    }
    expect(pairs?.tests.map(({ term }) => term)).toEqual(['cubed_margin', 'length_difference']);
  });
});

describe('the entropy estimate', () => {
  it.each(['policy', 'reference'] as const)(
    'from draws of the %s, its jackknife and its effective sample size agree with NumPy',
    async (proposal) => {
      const prompts = golden.entropy.map(({ policy, reference }) => ({
        samples: policy.map((policy_logp, k) => ({ policy_logp, ref_logp: reference[k] })),
      }));
      const body = await post<EntropyReply>('/did/entropy', { proposal, prompts });
      golden.entropy.forEach((c, i) => {
        const [entropy, error, ess, largest] = c[`proposal_${proposal}`];
        near(body.prompts[i]?.entropy, entropy);
        near(body.prompts[i]?.standard_error, error, 6);
        near(body.prompts[i]?.ess, ess);
        near(body.prompts[i]?.largest_weight, largest);
      });
      const entropies = body.prompts.map(({ entropy }) => entropy);
      near(body.mean.entropy, entropies.reduce((a, b) => a + b, 0) / entropies.length);
      expect(body.warnings.map(({ code }) => code)).toContain('low_ess');
    },
  );
});

it('the regression with prompt fixed effects agrees with least squares on dummies', async () => {
  const { policy, reference, rejected, ...expected } = golden.regression;
  const { regression } = await post<PowerLawReply>('/did/power-law', {
    prompts: policy.map((row, p) => ({
      candidates: row.map((policy_logp, c) => ({
        policy_logp,
        ref_logp: reference[p]?.[c],
        rejected_logp: rejected[p]?.[c],
      })),
    })),
  });
  near(regression?.beta, expected.beta);
  near(regression?.standard_error, expected.standard_error);
  near(regression?.r_squared, expected.r_squared);
  near(regression?.largest_residual, expected.largest_residual);
});

describe('the golden case of the theory', () => {
  const reference = [0.4, 0.3, 0.2, 0.1];
  const policy = [0.1, 0.2, 0.3, 0.4];
  const beta = 0.5;
  const candidates = policy.map((p, i) => ({
    policy_logp: Math.log(p),
    ref_logp: Math.log(reference[i] as number),
  }));

  it('has its DID, entropy and divergences to six digits', async () => {
    const ask = (unit: string) =>
      post<DistributionReply>('/did/distribution', { beta, unit, prompts: [{ candidates }] });
    const nats = (await ask('nats')).prompts[0] as DistributionReply['prompts'][0];
    expect(Math.exp(nats.log_normalizer)).toBeCloseTo(6.4166667, 6);
    [0.038961, 0.103896, 0.233766, 0.623377].forEach((q, i) => {
      expect(nats.candidates[i]?.did).toBeCloseTo(q, 6);
    });
    expect(nats.entropy).toBeCloseTo(0.9960689, 6);
    expect((await ask('bits')).prompts[0]?.entropy).toBeCloseTo(1.4370237, 6);
    expect(-nats.kl_reference_policy).toBeCloseTo(-0.4564348, 6);
    expect(nats.policy_mass).toBeCloseTo(1, 12);
    expect(nats.candidates.map(({ rank }) => rank)).toEqual([4, 3, 2, 1]);
    const exact = await post<EntropyReply>('/did/entropy', {
      proposal: 'support',
      prompts: [{ samples: candidates }],
    });
    expect(exact.prompts[0]).toMatchObject({ standard_error: 0, ess: null });
    expect(exact.mean.entropy).toBeCloseTo(0.9960689, 6);
  });

  it('has its rejected distribution to six digits', async () => {
    const body = await post<RejectedReply>('/did/rejected', {
      beta,
      proposal: 'support',
      prompts: [{ candidates }],
    });
    [0.579407, 0.26611, 0.118271, 0.036213].forEach((weight, i) => {
      expect(body.prompts[0]?.candidates[i]?.weight).toBeCloseTo(weight, 6);
    });
    expect(body.prompts[0]?.expected_log_ratio).toBeCloseTo(-0.8129699, 6);
  });

  it('has its loss: the mean over all pairs, each as often as it occurs', async () => {
    const { prompts } = await post<RejectedReply>('/did/rejected', {
      beta,
      proposal: 'support',
      prompts: [{ candidates }],
    });
    const pairs = [];
    const frequencies: number[] = [];
    for (const [w, won] of candidates.entries()) {
      for (const [l, lost] of candidates.entries()) {
        pairs.push({
          chosen_logps: won.policy_logp,
          rejected_logps: lost.policy_logp,
          ref_chosen_logps: won.ref_logp,
          ref_rejected_logps: lost.ref_logp,
        });
        const weight = prompts[0]?.candidates[l]?.weight as number;
        frequencies.push((reference[w] as number) * weight);
      }
    }
    const body = await post<PairsReply>('/did/pairs', { beta, pairs, per_pair: true });
    const loss = body.per_pair?.reduce(
      (sum, pair, i) => sum + pair.loss * (frequencies[i] as number),
      0,
    );
    expect(loss).toBeCloseTo(0.650388, 6);
    expect(Math.LN2 - (loss as number)).toBeCloseTo(0.0427592, 6);
  });

  it('obeys the power law exactly when π_l is the optimal rejected distribution', async () => {
    const optimal = [0.579407, 0.26611, 0.118271, 0.036213];
    const body = await post<PowerLawReply>('/did/power-law', {
      prompts: [
        {
          candidates: candidates.map((c, i) => ({
            ...c,
            rejected_logp: Math.log(optimal[i] as number),
          })),
        },
        {
          candidates: candidates.map((c) => ({
            ...c,
            rejected_logp: 1.5 * c.ref_logp - 0.5 * c.policy_logp - 9,
          })),
        },
      ],
    });
    expect(body.regression?.beta).toBeCloseTo(0.5, 5);
    expect(body.regression?.r_squared).toBeCloseTo(1, 8);
    expect(body.regression?.verdict.conclusion).toBe('exact');
  });
});
