import type { ProblemEstimate } from '../inference/estimate-task.js';
import type { Manifest } from '../inference/manifest.js';
import type { Problem } from '../samples/problem.js';
import { QuantileFunction } from './quantile-function.js';
import { fromNats, informationCorrelation, type Unit } from './units.js';
import { numberedSide, type Warning, warningsFor } from './warnings.js';

/** Estimates problems with one model, in their order. */
export type Estimator = (problems: readonly Problem[]) => Promise<ProblemEstimate[]>;

/** What of the estimate's distribution to tell. */
export interface EstimateOptions {
  /** Quantiles to report, each in (0, 1), in the order of the reply. */
  readonly taus: readonly number[];
  /** Probability of the central interval, in (0, 1). */
  readonly level: number;
  readonly unit: Unit;
}

export interface Estimate {
  readonly estimate: number;
  readonly mean: number;
  readonly median: number;
  readonly unit: Unit;
  readonly interval: { readonly level: number; readonly lower: number; readonly upper: number };
  readonly quantiles: { readonly tau: number; readonly value: number }[];
  /** In [0, 1], of the estimate. */
  readonly information_correlation: number;
  readonly warnings: Warning[];
}

/**
 * Summarizes a model's answer. The estimate is the median: it minimizes the expected absolute
 * error, and half of all cases lie on either side.
 *
 * @param result the knots in nats at the manifest's taus, and the facts of the samples.
 */
export function summarize(
  result: ProblemEstimate,
  manifest: Manifest,
  { taus, level, unit }: EstimateOptions,
): Estimate {
  const quantile = new QuantileFunction(manifest.taus, result.knots);
  const median = quantile.at(0.5);
  const x = numberedSide('x', result.facts.x.length);
  const y = numberedSide('y', result.facts.y.length);
  const { lower, upper } = quantile.interval(level);
  return {
    estimate: fromNats(median, unit),
    mean: fromNats(quantile.mean(), unit),
    median: fromNats(median, unit),
    unit,
    interval: { level, lower: fromNats(lower, unit), upper: fromNats(upper, unit) },
    quantiles: taus.map((tau) => ({ tau, value: fromNats(quantile.at(tau), unit) })),
    information_correlation: informationCorrelation(median),
    warnings: warningsFor([{ estimate: result, x, y }], manifest),
  };
}
