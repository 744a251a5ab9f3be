import type { ProblemEstimate } from '../inference/estimate-task.js';
import type { Manifest } from '../inference/manifest.js';
import type { Problem } from './question.js';
import { type Distribution, QuantileFunction } from './quantile-function.js';
import { fromNats, informationCorrelation, type Unit } from './units.js';
import { type SideName, type Warning, warningsFor } from './warnings.js';

/** Estimates problems with one model, in their order. */
export type Estimator = (problems: readonly Problem[]) => Promise<ProblemEstimate[]>;

export interface BriefOptions {
  /** Probability of the central interval, in (0, 1). */
  readonly level: number;
  readonly unit: Unit;
}

/** What of the estimate's distribution to tell. */
export interface EstimateOptions extends BriefOptions {
  /** Quantiles to report, each in (0, 1), in the order of the reply. */
  readonly taus: readonly number[];
}

/** An estimate in few words, in the unit asked for. */
export interface BriefEstimate {
  readonly estimate: number;
  readonly interval: { readonly level: number; readonly lower: number; readonly upper: number };
  /** In [0, 1], of the estimate. */
  readonly information_correlation: number;
}

export interface FullEstimate extends BriefEstimate {
  readonly mean: number;
  readonly median: number;
  readonly unit: Unit;
  readonly quantiles: { readonly tau: number; readonly value: number }[];
}

export interface Estimate extends FullEstimate {
  readonly warnings: Warning[];
}

/**
 * The estimate is the median: it minimizes the expected absolute error, and half of all cases lie
 * on either side.
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
    unit,
    ...rest,
    quantiles: taus.map((tau) => ({ tau, value: fromNats(distribution.at(tau), unit) })),
  };
}

/** Summarizes a model's answer on x and y. */
export function summarize(
  result: ProblemEstimate,
  manifest: Manifest,
  options: EstimateOptions,
  { x, y }: { readonly x: SideName; readonly y: SideName },
): Estimate {
  return {
    ...full(distributionOf(result, manifest), options),
    warnings: warningsFor([{ estimate: result, x, y }], manifest),
  };
}

/** What a model believes of the mutual information, in nats. */
export function distributionOf({ knots }: ProblemEstimate, { taus }: Manifest): QuantileFunction {
  return new QuantileFunction(taus, knots);
}

/** The median of a model's answer, in nats: the statistic of every test. */
export function medianOf({ knots }: ProblemEstimate, { taus }: Manifest): number {
  return knots[taus.indexOf(0.5)] as number;
}
