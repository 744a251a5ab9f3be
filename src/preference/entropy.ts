import { effectiveSampleSize, largest, logSumExp, softmax } from '../maths/log-space.js';
import { logRatios, type Prompt } from './candidates.js';
import { didEntropy } from './distribution.js';

/** The source of the samples; `support`: they are every possible completion, once each. */
export const PROPOSALS = ['policy', 'reference', 'support'] as const;

export type Proposal = (typeof PROPOSALS)[number];

/** The entropy of a prompt's DID over all completions, in nats. */
export interface PromptEntropy {
  readonly id: string;
  readonly entropy: number;
  /** Jackknife standard error over the draws; 0 if the entropy is exact. */
  readonly standard_error: number;
  /** Effective sample size 1/Σ w̃² of the draws; null if the entropy is exact. */
  readonly ess: number | null;
  readonly largest_weight: number | null;
  readonly samples: number;
}

/**
 * Estimates H(q), q ∝ π/π_ref, by self-normalized importance sampling (arXiv 2505.23761): with
 * log w = ℓ − log p for the proposal p, Ĥ = log Σ w − log K − Σ w̃ ℓ. K counts draws, so a repeated
 * draw counts each time. For long completions, one draw may get all the weight; Ĥ is then
 * unreliable.
 */
export function promptEntropy(prompt: Prompt, proposal: Proposal): PromptEntropy {
  const ratios = logRatios(prompt);
  if (proposal === 'support') {
    return {
      id: prompt.id,
      entropy: didEntropy(softmax(ratios), ratios, logSumExp(ratios)),
      standard_error: 0,
      ess: null,
      largest_weight: null,
      samples: ratios.length,
    };
  }
  const logWeights = Float64Array.from(prompt.candidates, ({ policy, reference }) =>
    proposal === 'policy' ? -reference : policy - 2 * reference,
  );
  const weights = softmax(logWeights);
  const leftOut = leaveOneOut(logWeights, weights, ratios);
  return {
    id: prompt.id,
    entropy: estimate(logWeights, ratios),
    standard_error: jackknifeError(leftOut),
    ess: effectiveSampleSize(weights),
    largest_weight: largest(weights),
    samples: ratios.length,
  };
}

export interface MeanEntropy {
  readonly entropy: number;
  /** Standard error of the mean: the spread of the prompts over √n; null for one prompt. */
  readonly standard_error: number | null;
  readonly prompts: number;
}

/** The mean over prompts. Its error comes from their spread, which includes the noise of draws. */
export function meanEntropy(prompts: readonly PromptEntropy[]): MeanEntropy {
  const n = prompts.length;
  const mean = prompts.reduce((sum, { entropy }) => sum + entropy, 0) / n;
  const squares = prompts.reduce((sum, { entropy }) => sum + (entropy - mean) ** 2, 0);
  return {
    entropy: mean,
    standard_error: n > 1 ? Math.sqrt(squares / (n - 1) / n) : null,
    prompts: n,
  };
}

function estimate(logWeights: Float64Array, ratios: Float64Array): number {
  const weights = softmax(logWeights);
  let expected = 0;
  for (let k = 0; k < ratios.length; k++) {
    const weight = weights[k] as number;
    if (weight > 0) expected += weight * (ratios[k] as number);
  }
  return logSumExp(logWeights) - Math.log(ratios.length) - expected;
}

/**
 * Ĥ without each draw in turn. A draw is subtracted from the totals, except for the one with the
 * largest weight: what remains could be rounding error, so Ĥ is computed anew.
 */
function leaveOneOut(
  logWeights: Float64Array,
  weights: Float64Array,
  ratios: Float64Array,
): Float64Array {
  const count = ratios.length;
  const total = logSumExp(logWeights);
  const heaviest = weights.indexOf(largest(weights));
  const center = ratios[heaviest] as number;
  let expected = 0;
  for (let k = 0; k < count; k++) {
    expected += (weights[k] as number) * ((ratios[k] as number) - center);
  }
  return Float64Array.from({ length: count }, (_, k) => {
    if (k === heaviest) {
      const others = (values: Float64Array) => values.filter((_value, i) => i !== k);
      return estimate(others(logWeights), others(ratios));
    }
    const weight = weights[k] as number;
    const rest = 1 - weight;
    const mean = center + (expected - weight * ((ratios[k] as number) - center)) / rest;
    return total + Math.log1p(-weight) - Math.log(count - 1) - mean;
  });
}

/** √((K − 1)/K Σ (θ_k − θ̄)²). */
function jackknifeError(leftOut: Float64Array): number {
  const count = leftOut.length;
  let mean = 0;
  for (const value of leftOut) mean += value / count;
  let squares = 0;
  for (const value of leftOut) squares += (value - mean) ** 2;
  return Math.sqrt(((count - 1) / count) * squares);
}
