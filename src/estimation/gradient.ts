import type { Matrix } from '../maths/matrix.js';
import type { Samples } from '../samples/samples.js';
import type { EstimateWarning } from '../warnings.js';
import { distributionOf } from './estimate.js';
import type { ModelTraits } from './model.js';
import type { Ask, ModelAnswer } from './question.js';
import { fromNats, type Unit } from './units.js';
import { numberedSide, warningsFor } from './warnings.js';

export interface GradientOptions {
  /** Which quantile to differentiate, in (0, 1). */
  readonly tau: number;
  readonly unit: Unit;
}

export interface GradientEstimate {
  /** Q(tau), the same number as in an estimate of these samples. */
  readonly estimate: number;
  readonly tau: number;
  /** d estimate / d x, [row][column], in the unit of the estimate per unit of the column. */
  readonly grad_x: number[][];
  readonly grad_y: number[][];
  readonly warnings: EstimateWarning[];
}

/** Differentiates an estimate with respect to every sample; the model must have a gradient. */
export async function gradient(
  ask: Ask,
  samples: Samples,
  model: ModelTraits,
  { tau, unit }: GradientOptions,
): Promise<GradientEstimate> {
  const [result] = (await ask([{ ...samples, gradientTau: tau }])) as [ModelAnswer];
  if (result.gradient === undefined) throw new Error(`model ${model.id} gave no gradient`);
  const x = numberedSide('x', samples.x.columns);
  const y = numberedSide('y', samples.y.columns);
  const value = distributionOf(result, model).at(tau);
  // A quantile that is clamped to 0 does not change with the samples.
  const slope = (derivative: number) => (value === 0 ? 0 : fromNats(derivative, unit));
  return {
    estimate: fromNats(value, unit),
    tau,
    grad_x: rowsOf(result.gradient.x, slope),
    grad_y: rowsOf(result.gradient.y, slope),
    warnings: warningsFor([{ answer: result, x, y }], model),
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
