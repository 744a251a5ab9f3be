import { logSumExp, softmax } from '../maths/log-space.js';
import { logRatios, type Prompt } from './candidates.js';

export interface CandidateDid {
  readonly id: string;
  /** q(y) over the candidates. */
  readonly did: number;
  /** ℓ = log π − log π_ref, in nats. */
  readonly log_ratio: number;
  /** β ℓ. */
  readonly reward: number;
  /** 1 for the candidate whose probability rose most from the reference to the policy. */
  readonly rank: number;
}

/** How the log-margin between two candidates differs between the policy and the reference. */
export interface Margin {
  readonly above: string;
  readonly below: string;
  /** M = log p(above) − log p(below) under the policy and the reference. */
  readonly policy: number;
  readonly reference: number;
  /** M_* − M_ref ≥ 0. */
  readonly difference: number;
  /** M_l = M_ref − β (M_* − M_ref): the margin of the rejected distribution by the power law. */
  readonly rejected: number;
}

/** The DID of a prompt, restricted to its candidates; all values are in nats. */
export interface PromptDid {
  readonly id: string;
  readonly entropy: number;
  readonly perplexity: number;
  /** log Σ π/π_ref over the candidates. */
  readonly log_normalizer: number;
  /** Σ π and Σ π_ref over the candidates: 1 if they are the whole support. */
  readonly policy_mass: number;
  readonly reference_mass: number;
  /** KL divergences of the two distributions, each renormalized over the candidates. */
  readonly kl_policy_reference: number;
  readonly kl_reference_policy: number;
  readonly candidates: CandidateDid[];
  /** Margins of neighbors in the order of the log ratio, largest first; others are their sums. */
  readonly margins: Margin[];
}

/**
 * Computes the differential information distribution q(y) ∝ π(y)/π_ref(y) (arXiv 2505.23761),
 * restricted to the candidates: the softmax of the log ratios.
 *
 * @param prompt with distinct candidates.
 */
export function promptDid(prompt: Prompt, beta: number): PromptDid {
  const { candidates } = prompt;
  const ratios = logRatios(prompt);
  const did = softmax(ratios);
  const policy = candidates.map((candidate) => candidate.policy);
  const reference = candidates.map((candidate) => candidate.reference);
  const [logPolicy, logReference] = [logSumExp(policy), logSumExp(reference)];
  const order = Array.from(ratios.keys()).sort(
    (a, b) => (ratios[b] as number) - (ratios[a] as number),
  );
  const ranks = new Int32Array(order.length);
  order.forEach((candidate, place) => {
    ranks[candidate] = place + 1;
  });
  const logNormalizer = logSumExp(ratios);
  const entropy = didEntropy(did, ratios, logNormalizer);
  const shift = logPolicy - logReference;
  return {
    id: prompt.id,
    entropy,
    perplexity: Math.exp(entropy),
    log_normalizer: logNormalizer,
    policy_mass: Math.exp(logPolicy),
    reference_mass: Math.exp(logReference),
    kl_policy_reference: divergence(policy, logPolicy, ratios, -shift),
    kl_reference_policy: divergence(
      reference,
      logReference,
      ratios.map((ratio) => -ratio),
      shift,
    ),
    candidates: candidates.map(({ id }, i) => ({
      id,
      did: did[i] as number,
      log_ratio: ratios[i] as number,
      reward: beta * (ratios[i] as number),
      rank: ranks[i] as number,
    })),
    margins: order.slice(1).map((below, place) => {
      const above = order[place] as number;
      const difference = (ratios[above] as number) - (ratios[below] as number);
      const margin = (reference[above] as number) - (reference[below] as number);
      return {
        above: candidates[above]?.id as string,
        below: candidates[below]?.id as string,
        policy: (policy[above] as number) - (policy[below] as number),
        reference: margin,
        difference,
        rejected: margin - beta * difference,
      };
    }),
  };
}

/** H(q) = log Z − Σ q ℓ, at least 0. */
export function didEntropy(did: Float64Array, ratios: Float64Array, logNormalizer: number): number {
  let expected = 0;
  // Taken relative to log Z, so that large log ratios cancel before they are summed.
  for (let i = 0; i < did.length; i++) {
    const weight = did[i] as number;
    if (weight > 0) expected += weight * (logNormalizer - (ratios[i] as number));
  }
  return Math.max(0, expected);
}

/** Σ p (log ratio + shift), p = exp(log p − log mass), at least 0. */
function divergence(
  logP: readonly number[],
  logMass: number,
  ratios: Float64Array,
  shift: number,
): number {
  let sum = 0;
  logP.forEach((value, i) => {
    sum += Math.exp(value - logMass) * ((ratios[i] as number) + shift);
  });
  return Math.max(0, sum);
}
