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
  return {
    estimate: fromNats(distributionOf(result, manifest).at(tau), unit),
    tau,
    grad_x: rowsInUnit(result.gradient.x, unit),
    grad_y: rowsInUnit(result.gradient.y, unit),
    warnings: warningsFor([{ estimate: result, x, y }], manifest),
  };
}

function rowsInUnit({ rows, columns, values }: Matrix, unit: Unit): number[][] {
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => fromNats(values[c * rows + r] as number, unit)),
  );
}
