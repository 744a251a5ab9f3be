import { logSigmoid } from '../maths/log-space.js';
import { logRatioMargins, type Pairs } from './pairs.js';

export const LOSSES = ['sigmoid', 'robust', 'ipo', 'hinge'] as const;

export type Loss = (typeof LOSSES)[number];

export interface LossOptions {
  readonly loss: Loss;
  readonly beta: number;
  /** ε of the robust loss, in [0, ½): the share of flipped labels. */
  readonly labelSmoothing: number;
}

/**
 * Computes the loss of each pair as TRL does. With δ = ℓ_w − ℓ_l:
 *
 * - sigmoid: −log σ(βδ) (DPO, arXiv 2305.18290);
 * - robust: [−(1 − ε) log σ(βδ) + ε log σ(−βδ)] / (1 − 2ε) (arXiv 2403.00409);
 * - ipo: (ℓ_w/T_w − ℓ_l/T_l − 1/2β)², where T is the number of tokens (arXiv 2310.12036; TRL
 *   divides by it);
 * - hinge: max(0, 1 − βδ) (SLiC, arXiv 2305.10425).
 *
 * @param pairs must have token counts for ipo.
 */
export function pairLosses(
  pairs: Pairs,
  { loss, beta, labelSmoothing }: LossOptions,
): Float64Array {
  if (loss === 'ipo') {
    const target = 1 / (2 * beta);
    return each(perTokenMargins(pairs), (margin) => (margin - target) ** 2);
  }
  const margins = logRatioMargins(pairs);
  if (loss === 'hinge') return each(margins, (margin) => Math.max(0, 1 - beta * margin));
  if (loss === 'sigmoid') return each(margins, (margin) => -logSigmoid(beta * margin));
  return each(margins, (margin) => {
    const kept = -(1 - labelSmoothing) * logSigmoid(beta * margin);
    const flipped = labelSmoothing * logSigmoid(-beta * margin);
    return (kept + flipped) / (1 - 2 * labelSmoothing);
  });
}

/** Maps values in place, several times as fast as the map method of typed arrays. */
function each(values: Float64Array, of: (value: number) => number): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = of(values[i] as number);
  return values;
}

/** ℓ_w/T_w − ℓ_l/T_l of each pair. */
function perTokenMargins(pairs: Pairs): Float64Array {
  const { count, chosen, rejected, refChosen, refRejected, tokens } = pairs;
  if (tokens === undefined) throw new Error('per-token margins need token counts');
  return Float64Array.from({ length: count }, (_, i) => {
    const won = ((chosen[i] as number) - (refChosen[i] as number)) / (tokens.chosen[i] as number);
    const lost =
      ((rejected[i] as number) - (refRejected[i] as number)) / (tokens.rejected[i] as number);
    return won - lost;
  });
}
