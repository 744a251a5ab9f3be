import { type Clusters, interval } from './clusters.js';
import { fitLogistic } from './logistic.js';

/** The β that explains preferences best: the root of Σ δ σ(−βδ) = 0. */
export interface BetaFit {
  /** `separated`: all δ have one sign, so that β diverges; `constant`: all δ are 0. */
  readonly status: 'fitted' | 'separated' | 'constant';
  readonly beta: number | null;
  /** 1/√Σ δ² σ(βδ)(1 − σ(βδ)). */
  readonly standard_error: number | null;
  /** Robust to dependence between the pairs of a prompt; null with a single prompt. */
  readonly clustered_standard_error: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Mean of −log σ(βδ) at this β. */
  readonly loss: number | null;
}

/**
 * Fits β to preference pairs.
 *
 * @param margins δ of each pair, preferably held out from training.
 * @param level of the interval, which is clustered by prompt if there are several prompts.
 */
export function fitBeta(margins: Float64Array, clusters: Clusters, level: number): BetaFit {
  const fit = fitLogistic([margins], clusters);
  if (fit.coefficients === null) {
    return {
      status: fit.status,
      beta: null,
      standard_error: null,
      clustered_standard_error: null,
      lower: null,
      upper: null,
      loss: null,
    };
  }
  const beta = fit.coefficients[0] as number;
  const standardError = fit.standardErrors?.[0] as number;
  const clustered = fit.clusteredErrors?.[0] ?? null;
  return {
    status: 'fitted',
    beta,
    standard_error: standardError,
    clustered_standard_error: clustered,
    ...interval(beta, clustered ?? standardError, level),
    loss: -fit.logLikelihood / margins.length,
  };
}
