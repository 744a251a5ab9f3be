import { setImmediate as breathe } from 'node:timers/promises';
import { type BetaFit, fitBeta } from './beta-fit.js';
import { type Calibration, calibrate } from './calibration.js';
import type { Mean } from './clusters.js';
import { logSigmoid, sigmoid } from './log-space.js';
import { type LossOptions, pairLosses } from './losses.js';
import { logRatioMargins, type Pairs } from './pairs.js';

export interface ReportOptions extends LossOptions {
  /** Of the intervals, in (0, 1). */
  readonly level: number;
  /** Of the calibration table. */
  readonly bins: number;
}

/** What preference pairs say about a policy. Rewards are β ℓ, ℓ = log π − log π_ref. */
export interface PairReport {
  /** Under the names that TRL logs them by; a tie is no win. */
  readonly metrics: {
    readonly loss: Mean;
    readonly 'rewards/chosen': Mean;
    readonly 'rewards/rejected': Mean;
    readonly 'rewards/accuracies': Mean;
    readonly 'rewards/margins': Mean;
    readonly 'logps/chosen': Mean;
    readonly 'logps/rejected': Mean;
    readonly 'logps/ref_chosen': Mean;
    readonly 'logps/ref_rejected': Mean;
  };
  readonly ties: Mean;
  /** σ(βδ), the Bradley–Terry probability of the choice. */
  readonly preference_probability: Mean;
  /** How likelihoods moved from the reference to the policy: ℓ, and how often it fell. */
  readonly displacement: {
    readonly chosen_log_ratio: Mean;
    readonly rejected_log_ratio: Mean;
    readonly chosen_fell: Mean;
    readonly rejected_fell: Mean;
    readonly both_fell: Mean;
  };
  readonly beta_fit: BetaFit;
  /**
   * ln 2 + log σ(βδ), averaged: on held-out pairs with their order randomized, a lower bound on the
   * information that a pair carries about which side was chosen, itself at most ln 2 = 1 bit.
   */
  readonly information: {
    readonly nats: Mean;
    readonly bits: Mean;
    readonly at_fitted_beta: { readonly nats: number; readonly bits: number } | null;
  };
  readonly calibration: Calibration;
}

/** Every figure of the pairs; intervals are clustered by prompt. Gives way to other requests. */
export async function reportPairs(pairs: Pairs, options: ReportOptions): Promise<PairReport> {
  const { beta, level, bins } = options;
  const { count, chosen, rejected, refChosen, refRejected, clusters } = pairs;
  const values = new Float64Array(count);
  const mean = async (of: (i: number) => number): Promise<Mean> => {
    await breathe();
    for (let i = 0; i < count; i++) values[i] = of(i);
    return clusters.mean(values, level);
  };
  const margins = logRatioMargins(pairs);
  const margin = (i: number) => margins[i] as number;
  const won = (i: number) => (chosen[i] as number) - (refChosen[i] as number);
  const lost = (i: number) => (rejected[i] as number) - (refRejected[i] as number);

  const losses = pairLosses(pairs, options);
  const metrics = {
    loss: await mean((i) => losses[i] as number),
    'rewards/chosen': await mean((i) => beta * won(i)),
    'rewards/rejected': await mean((i) => beta * lost(i)),
    'rewards/accuracies': await mean((i) => (margin(i) > 0 ? 1 : 0)),
    'rewards/margins': await mean((i) => beta * margin(i)),
    'logps/chosen': await mean((i) => chosen[i] as number),
    'logps/rejected': await mean((i) => rejected[i] as number),
    'logps/ref_chosen': await mean((i) => refChosen[i] as number),
    'logps/ref_rejected': await mean((i) => refRejected[i] as number),
  };
  const displacement = {
    chosen_log_ratio: await mean(won),
    rejected_log_ratio: await mean(lost),
    chosen_fell: await mean((i) => (won(i) < 0 ? 1 : 0)),
    rejected_fell: await mean((i) => (lost(i) < 0 ? 1 : 0)),
    both_fell: await mean((i) => (won(i) < 0 && lost(i) < 0 ? 1 : 0)),
  };
  const nats = await mean((i) => Math.LN2 + logSigmoid(beta * margin(i)));
  const fit = await fitBeta(margins, clusters, level);
  const fittedNats = fit.loss === null ? null : Math.LN2 - fit.loss;
  await breathe();
  return {
    metrics,
    ties: await mean((i) => (margin(i) === 0 ? 1 : 0)),
    preference_probability: await mean((i) => sigmoid(beta * margin(i))),
    displacement,
    beta_fit: fit,
    information: {
      nats,
      bits: inBits(nats),
      at_fitted_beta:
        fittedNats === null ? null : { nats: fittedNats, bits: fittedNats / Math.LN2 },
    },
    calibration: calibrate(margins, beta, bins),
  };
}

/** What the pairs' own rows of a reply hold. */
export interface PairFigures {
  readonly chosen_reward: number;
  readonly rejected_reward: number;
  readonly margin: number;
  readonly preference_probability: number;
  readonly loss: number;
}

/** The figures of each pair, in their order. */
export function pairFigures(pairs: Pairs, options: LossOptions): PairFigures[] {
  const { beta } = options;
  const margins = logRatioMargins(pairs);
  const losses = pairLosses(pairs, options);
  return Array.from({ length: pairs.count }, (_, i) => ({
    chosen_reward: beta * ((pairs.chosen[i] as number) - (pairs.refChosen[i] as number)),
    rejected_reward: beta * ((pairs.rejected[i] as number) - (pairs.refRejected[i] as number)),
    margin: beta * (margins[i] as number),
    preference_probability: sigmoid(beta * (margins[i] as number)),
    loss: losses[i] as number,
  }));
}

function inBits(nats: Mean): Mean {
  const convert = (value: number | null) => (value === null ? null : value / Math.LN2);
  return {
    mean: nats.mean / Math.LN2,
    standard_error: convert(nats.standard_error),
    lower: convert(nats.lower),
    upper: convert(nats.upper),
  };
}
