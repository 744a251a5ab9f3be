import { sigmoid } from '../maths/log-space.js';
import { type BetaFit, fitBeta } from './beta-fit.js';
import { type Calibration, calibrate } from './calibration.js';
import { clusterMeans, type Mean, scaled } from './clusters.js';
import { type LossOptions, pairLosses } from './losses.js';
import { logRatioMargins, type Pairs } from './pairs.js';

export interface ReportOptions extends LossOptions {
  /** Probability of the intervals, in (0, 1). */
  readonly level: number;
  /** Largest number of bins of the calibration table. */
  readonly bins: number;
}

/** Statistics of a policy on preference pairs. Rewards are β ℓ, where ℓ = log π − log π_ref. */
export interface PairReport {
  /** Named as TRL logs them; a tie does not count as a win. */
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
  /** How log-likelihoods moved from the reference to the policy: ℓ, and how often ℓ < 0. */
  readonly displacement: {
    readonly chosen_log_ratio: Mean;
    readonly rejected_log_ratio: Mean;
    readonly chosen_fell: Mean;
    readonly rejected_fell: Mean;
    readonly both_fell: Mean;
  };
  readonly beta_fit: BetaFit;
  /**
   * The mean of ln 2 + log σ(βδ). On held-out pairs in random order, it is a lower bound on the
   * information that a pair carries about which side was chosen, which is at most ln 2 = 1 bit.
   */
  readonly information: {
    readonly nats: Mean;
    readonly bits: Mean;
    readonly at_fitted_beta: { readonly nats: number; readonly bits: number } | null;
  };
  readonly calibration: Calibration;
}

/** Computes all figures of the pairs; intervals are clustered by prompt. */
export function reportPairs(pairs: Pairs, options: ReportOptions): PairReport {
  const { beta, level, bins } = options;
  const { count, chosen, rejected, refChosen, refRejected, clusters } = pairs;
  const means = <Name extends string>(
    names: readonly Name[],
    figures: (i: number, into: Float64Array) => void,
  ) => clusterMeans(clusters, count, names, figures, level);
  const margins = logRatioMargins(pairs);
  const losses = pairLosses(pairs, options);
  // −log σ(βδ); the probability and the information are functions of it too.
  const surprises =
    options.loss === 'sigmoid' ? losses : pairLosses(pairs, { ...options, loss: 'sigmoid' });

  const logps = means(
    ['logps/chosen', 'logps/rejected', 'logps/ref_chosen', 'logps/ref_rejected'],
    (i, into) => {
      into[0] = chosen[i] as number;
      into[1] = rejected[i] as number;
      into[2] = refChosen[i] as number;
      into[3] = refRejected[i] as number;
    },
  );
  const displacement = means(
    ['chosen_log_ratio', 'rejected_log_ratio', 'chosen_fell', 'rejected_fell', 'both_fell'],
    (i, into) => {
      const won = (chosen[i] as number) - (refChosen[i] as number);
      const lost = (rejected[i] as number) - (refRejected[i] as number);
      into[0] = won;
      into[1] = lost;
      into[2] = won < 0 ? 1 : 0;
      into[3] = lost < 0 ? 1 : 0;
      into[4] = won < 0 && lost < 0 ? 1 : 0;
    },
  );
  const choices = means(['margin', 'accuracy', 'tie', 'loss', 'nats', 'probability'], (i, into) => {
    const margin = margins[i] as number;
    const surprise = surprises[i] as number;
    into[0] = margin;
    into[1] = margin > 0 ? 1 : 0;
    into[2] = margin === 0 ? 1 : 0;
    into[3] = losses[i] as number;
    into[4] = Math.LN2 - surprise;
    into[5] = Math.exp(-surprise);
  });
  const fit = fitBeta(margins, clusters, level);
  const fittedNats = fit.loss === null ? null : Math.LN2 - fit.loss;
  return {
    metrics: {
      loss: choices.loss,
      'rewards/chosen': scaled(displacement.chosen_log_ratio, beta),
      'rewards/rejected': scaled(displacement.rejected_log_ratio, beta),
      'rewards/accuracies': choices.accuracy,
      'rewards/margins': scaled(choices.margin, beta),
      ...logps,
    },
    ties: choices.tie,
    preference_probability: choices.probability,
    displacement,
    beta_fit: fit,
    information: {
      nats: choices.nats,
      bits: scaled(choices.nats, 1 / Math.LN2),
      at_fitted_beta:
        fittedNats === null ? null : { nats: fittedNats, bits: fittedNats / Math.LN2 },
    },
    calibration: calibrate(margins, beta, bins),
  };
}

/** The figures of a single pair. */
export interface PairFigures {
  readonly chosen_reward: number;
  readonly rejected_reward: number;
  readonly margin: number;
  readonly preference_probability: number;
  readonly loss: number;
}

/** Computes the figures of each pair, in the order of the pairs. */
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
