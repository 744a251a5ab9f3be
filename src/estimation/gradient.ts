import type { ProblemEstimate } from '../inference/estimate-task.js';
import type { Manifest } from '../inference/manifest.js';
import type { Matrix, Samples } from '../samples/samples.js';
import { distributionOf, type Estimator } from './estimate.js';
import { fromNats, type Unit } from './units.js';
import { numberedSide, type Warning, warningsFor } from './warnings.js';

export interface GradientOptions {
  /** Which quantile to differentiate, in (0, 1). */
  readonly tau: number;
  readonly unit: Unit;
}

export interface GradientEstimate {
  /** Q(tau), as an estimate of the same samples reports it. */
  readonly estimate: number;
  readonly tau: number;
  /** d estimate / d x, [row][column], in the unit of the estimate per unit of the column. */
  readonly grad_x: number[][];
  readonly grad_y: number[][];
  readonly warnings: Warning[];
}

/** Differentiates an estimate with respect to every sample; the model must have a gradient. */
export async function gradient(
  estimate: Estimator,
  samples: Samples,
  manifest: Manifest,
  { tau, unit }: GradientOptions,
): Promise<GradientEstimate> {
  const [result] = (await estimate([{ ...samples, gradientTau: tau }])) as [ProblemEstimate];
  if (result.gradient === undefined) throw new Error(`model ${manifest.id} gave no gradient`);
  const x = numberedSide('x', samples.x.columns);
  const y = numberedSide('y', samples.y.columns);
  const value = distributionOf(result, manifest).at(tau);
  // Cut at 0, or kept there by most blocks: nothing moves it.
  const slope = (derivative: number) => (value === 0 ? 0 : fromNats(derivative, unit));
  return {
    estimate: fromNats(value, unit),
    tau,
    grad_x: rowsOf(result.gradient.x, slope),
    grad_y: rowsOf(result.gradient.y, slope),
    warnings: warningsFor([{ estimate: result, x, y }], manifest),
  };
}

function rowsOf(
  { rows, columns, values }: Matrix,
  map: (derivative: number) => number,
): number[][] {
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => map(values[c * rows + r] as number)),
  );
}
