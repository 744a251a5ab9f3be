import type { SecondOpinion } from '../classical/second-opinion.js';
import type { Estimator } from '../discrete/answer.js';
import type { PreparedSide } from '../samples/prepare.js';
import type { EstimateWarning } from '../warnings.js';
import type { ModelTraits } from './model.js';
import { type ComparedOpinion, compared } from './opinion.js';
import { type Distribution, QuantileFunction } from './quantile-function.js';
import type { ModelAnswer } from './question.js';
import { fromNats, informationCorrelation, type Unit, uncertaintyCoefficient } from './units.js';
import { classicalDisagrees, warningsFor } from './warnings.js';

export interface BriefOptions {
  /** Probability of the central interval, in (0, 1). */
  readonly level: number;
  readonly unit: Unit;
}

/** What to report of an estimate's distribution. */
export interface EstimateOptions extends BriefOptions {
  /** Quantiles to report, each in (0, 1), in the order of the reply. */
  readonly taus: readonly number[];
}

/** The short form of an estimate, in the requested unit. */
export interface BriefEstimate {
  readonly estimate: number;
  readonly interval: { readonly level: number; readonly lower: number; readonly upper: number };
  /** Information correlation of the estimate, in [0, 1]. */
  readonly information_correlation: number;
}

export interface FullEstimate extends BriefEstimate {
  readonly mean: number;
  readonly median: number;
  readonly quantiles: { readonly tau: number; readonly value: number }[];
}

export interface Estimate extends FullEstimate {
  /** Entropy of a discrete y, in the requested unit. */
  readonly entropy_y?: number;
  /** Mutual information as a share of the entropy of a discrete y, in [0, 1]. */
  readonly uncertainty_coefficient?: number;
  /** What answered, or gave most of the answer. */
  readonly estimator: Estimator;
  readonly check?: ComparedOpinion;
  readonly warnings: EstimateWarning[];
}

/**
 * Summarizes a distribution of mutual information. The estimate is the median, which minimizes the
 * expected absolute error.
 *
 * @param distribution of mutual information, in nats.
 */
export function brief(distribution: Distribution, { level, unit }: BriefOptions): BriefEstimate {
  const median = distribution.at(0.5);
  const { lower, upper } = distribution.interval(level);
  return {
    estimate: fromNats(median, unit),
    interval: { level, lower: fromNats(lower, unit), upper: fromNats(upper, unit) },
    information_correlation: informationCorrelation(median),
  };
}

/** @param distribution of mutual information, in nats. */
export function full(distribution: Distribution, options: EstimateOptions): FullEstimate {
  const { estimate, ...rest } = brief(distribution, options);
  const { taus, unit } = options;
  return {
    estimate,
    mean: fromNats(distribution.mean(), unit),
    median: estimate,
    ...rest,
    quantiles: taus.map((tau) => ({ tau, value: fromNats(distribution.at(tau), unit) })),
  };
}

/**
 * Summarizes a model's answer on x and y.
 *
 * @param opinion a second opinion on the same samples, to compare with the answer.
 */
export function summarize(
  answer: ModelAnswer,
  model: ModelTraits,
  options: EstimateOptions,
  { x, y }: { readonly x: PreparedSide; readonly y: PreparedSide },
  opinion?: SecondOpinion,
): Estimate {
  const { unit } = options;
  const distribution = distributionOf(answer, model);
  const check = opinion && compared(opinion, distribution, unit);
  return {
    ...full(distribution, options),
    estimator: estimatorOf(answer),
    ...targetShare(distribution.at(0.5), y.entropy, unit),
    ...(check === undefined ? {} : { check }),
    warnings: [
      ...warningsFor([{ answer, x, y }], model),
      ...(check?.agrees === false ? [classicalDisagrees(check, unit)] : []),
    ],
  };
}

function targetShare(
  nats: number,
  entropy: number | undefined,
  unit: Unit,
): Pick<Estimate, 'entropy_y' | 'uncertainty_coefficient'> {
  if (entropy === undefined) return {};
  return {
    entropy_y: fromNats(entropy, unit),
    uncertainty_coefficient: uncertaintyCoefficient(nats, entropy),
  };
}

/** The model's distribution of the mutual information, in nats. */
export function distributionOf(
  { knots, discrete }: ModelAnswer,
  { taus }: ModelTraits,
): QuantileFunction {
  return new QuantileFunction(taus, knots, discrete?.limit);
}

/** What answered, or gave most of the answer. */
export function estimatorOf({ discrete }: ModelAnswer): Estimator {
  return discrete?.estimator ?? 'model';
}

/** The statistic of a test of independence, in nats. */
export function statisticOf(answer: ModelAnswer, model: ModelTraits): number {
  return answer.discrete?.statistic ?? medianOf(answer, model);
}

/** The median of an answer, in nats. */
export function medianOf({ knots }: ModelAnswer, { taus }: ModelTraits): number {
  return knots[taus.indexOf(0.5)] as number;
}
