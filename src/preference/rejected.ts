import { effectiveSampleSize, largest, softmax } from '../maths/log-space.js';
import { type Random, random } from '../maths/random.js';
import { upperBound } from '../maths/search.js';
import { logRatios, type Prompt } from './candidates.js';

/** The source of candidates: draws from the reference, or every possible completion, once each. */
export const SOURCES = ['reference', 'support'] as const;

export type Source = (typeof SOURCES)[number];

/** How well π_l obeys M_ref − M_l = β (M_* − M_ref), where M is a log-margin of two candidates. */
export interface OrderCheck {
  readonly pairs: number;
  /** Pairs of candidates on which π_l moved away from π_ref in the same direction as the policy. */
  readonly violated: number;
  /** Largest |M_ref − M_l − β (M_* − M_ref)| over the pairs, in nats. */
  readonly largest_deviation: number;
}

export interface RejectedPrompt {
  readonly id: string;
  readonly ess: number;
  readonly largest_weight: number;
  /** Mean of log π/π_ref over the rejected distribution, in nats. */
  readonly expected_log_ratio: number;
  readonly candidates: { readonly id: string; readonly weight: number }[];
  /** Ids of the candidates drawn with these weights, with replacement. */
  readonly drawn: string[];
  /** Null unless every candidate has log π_l. */
  readonly order_check: OrderCheck | null;
}

/**
 * Computes the weights of the optimal rejected distribution π_l ∝ π_ref (π_ref/π)^β: with rejected
 * completions from it, DPO learns π. They are softmax(−βℓ) over draws from the reference, and
 * softmax(log π_ref − βℓ) over the whole support.
 */
export function rejectedWeights(prompt: Prompt, source: Source, beta: number): Float64Array {
  const ratios = logRatios(prompt);
  return softmax(
    prompt.candidates.map(
      ({ reference }, i) => (source === 'support' ? reference : 0) - beta * (ratios[i] as number),
    ),
  );
}

/** Weighs the candidates of each prompt, and draws `draws` of them with these weights. */
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
    // Rounding may make the product as large as the total.
    return Math.min(weights.length - 1, upperBound(cumulative, uniform() * total));
  });
}

/**
 * Where ℓ rises, log π_ref/π_l must rise too: for any two candidates, the log-margins are then in
 * the order of π, π_ref, π_l, or the reverse. Pairs that fall are counted by merge sort.
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

/** Counts the pairs of a list that are in falling order, and sorts the list. */
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
