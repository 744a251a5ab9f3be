import { effectiveSampleSize, largest, softmax } from '../maths/log-space.js';
import { type Random, random } from '../maths/random.js';
import { upperBound } from '../maths/search.js';
import { logRatios, type Prompt } from './candidates.js';

/** Where candidates come from: draws of the reference, or every possible completion, once each. */
export const SOURCES = ['reference', 'support'] as const;

export type Source = (typeof SOURCES)[number];

/** How well a prompt's π_l obeys M_ref − M_l = β (M_* − M_ref), M the log-margin of two candidates. */
export interface OrderCheck {
  readonly pairs: number;
  /** Pairs on which π_l moved the same way as the policy: neither order of the three holds. */
  readonly violated: number;
  /** Largest |M_ref − M_l − β (M_* − M_ref)| over the pairs, in nats. */
  readonly largest_deviation: number;
}

export interface RejectedPrompt {
  readonly id: string;
  readonly ess: number;
  readonly largest_weight: number;
  /** E over the rejected distribution of log π/π_ref, in nats. */
  readonly expected_log_ratio: number;
  readonly candidates: { readonly id: string; readonly weight: number }[];
  /** Ids of the candidates drawn with these weights, with replacement. */
  readonly drawn: string[];
  /** Null unless every candidate has log π_l. */
  readonly order_check: OrderCheck | null;
}

/**
 * Weights of the optimal rejected distribution π_l ∝ π_ref (π_ref/π)^β, from which rejected
 * completions make DPO learn π: softmax(−βℓ) over draws of the reference, softmax(log π_ref − βℓ)
 * over the whole support.
 */
export function rejectedWeights(prompt: Prompt, source: Source, beta: number): Float64Array {
  const ratios = logRatios(prompt);
  return softmax(
    prompt.candidates.map(
      ({ reference }, i) => (source === 'support' ? reference : 0) - beta * (ratios[i] as number),
    ),
  );
}

/** @param draws how many candidates to draw of each prompt. */
export function rejectedPrompts(
  prompts: readonly Prompt[],
  options: { source: Source; beta: number; draws: number; seed: number },
): RejectedPrompt[] {
  const stream = random(options.seed);
  return prompts.map((prompt) => {
    const weights = rejectedWeights(prompt, options.source, options.beta);
    const ratios = logRatios(prompt);
    const { candidates } = prompt;
    return {
      id: prompt.id,
      ess: effectiveSampleSize(weights),
      largest_weight: largest(weights),
      expected_log_ratio: weights.reduce((sum, w, i) => sum + w * (ratios[i] as number), 0),
      candidates: candidates.map(({ id }, i) => ({ id, weight: weights[i] as number })),
      drawn: draw(weights, options.draws, stream).map((i) => candidates[i]?.id as string),
      order_check: checkOrder(prompt, options.beta),
    };
  });
}

function draw(weights: Float64Array, count: number, { uniform }: Random): number[] {
  const cumulative = weights.slice();
  for (let i = 1; i < cumulative.length; i++) {
    cumulative[i] = (cumulative[i] as number) + (cumulative[i - 1] as number);
  }
  const total = cumulative[cumulative.length - 1] as number;
  return Array.from({ length: count }, () => {
    // Rounding may take the draw up to the total itself.
    return Math.min(weights.length - 1, upperBound(cumulative, uniform() * total));
  });
}

/**
 * Along rising ℓ, log π_ref/π_l must rise too: for any two candidates, π is then above π_ref above
 * π_l, or the reverse. Falling pairs are counted by merge sort.
 */
function checkOrder(prompt: Prompt, beta: number): OrderCheck | null {
  if (prompt.candidates.some(({ rejected }) => rejected === undefined)) return null;
  const ratios = logRatios(prompt);
  const opposite = prompt.candidates.map(
    ({ reference, rejected }) => reference - (rejected as number),
  );
  const order = Array.from(ratios.keys()).sort(
    (a, b) =>
      (ratios[a] as number) - (ratios[b] as number) ||
      (opposite[a] as number) - (opposite[b] as number),
  );
  const deviations = opposite.map((value, i) => value - beta * (ratios[i] as number));
  const n = ratios.length;
  return {
    pairs: (n * (n - 1)) / 2,
    violated: inversions(order.map((i) => opposite[i] as number)).count,
    largest_deviation: largest(deviations) + largest(deviations.map((value) => -value)),
  };
}

/** How many pairs of a list fall, and the list sorted. */
function inversions(list: readonly number[]): { count: number; sorted: readonly number[] } {
  if (list.length < 2) return { count: 0, sorted: list };
  const middle = list.length >>> 1;
  const left = inversions(list.slice(0, middle));
  const right = inversions(list.slice(middle));
  const sorted: number[] = [];
  let count = left.count + right.count;
  let l = 0;
  for (const value of right.sorted) {
    while (l < left.sorted.length && (left.sorted[l] as number) <= value) {
      sorted.push(left.sorted[l++] as number);
    }
    count += left.sorted.length - l;
    sorted.push(value);
  }
  return { count, sorted: [...sorted, ...left.sorted.slice(l)] };
}
