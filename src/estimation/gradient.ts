import type { ProblemEstimate } from '../inference/estimate-task.js';
import type { Manifest } from '../inference/manifest.js';
import type { SampleGradient } from '../inference/sample-gradient.js';
import type { Matrix } from '../samples/samples.js';
import { QuantileFunction } from './quantile-function.js';
import { fromNats, type Unit } from './units.js';
import { numberedSide, type Warning, warningsFor } from './warnings.js';

export interface GradientOptions {
  /** Which quantile to differentiate, in (0, 1). */
  readonly tau: number;
  readonly unit: Unit;
  /** Whether a side is to come back as a flat array. */
  readonly flat: { readonly x: boolean; readonly y: boolean };
}

export interface GradientEstimate {
  /** Q(tau), as an estimate of the same samples reports it. */
  readonly estimate: number;
  readonly tau: number;
  readonly unit: Unit;
  readonly grad_x: number[] | number[][];
  readonly grad_y: number[] | number[][];
  readonly warnings: Warning[];
}

/** Puts a model's answer in the shape of the samples and in the unit asked for. */
export function summarizeGradient(
  result: ProblemEstimate & { readonly gradient: SampleGradient },
  manifest: Manifest,
  { tau, unit, flat }: GradientOptions,
): GradientEstimate {
  const x = numberedSide('x', result.facts.x.length);
  const y = numberedSide('y', result.facts.y.length);
  const { gradient } = result;
  return {
    estimate: fromNats(new QuantileFunction(manifest.taus, result.knots).at(tau), unit),
    tau,
    unit,
    grad_x: inUnit(gradient.x, unit, flat.x),
    grad_y: inUnit(gradient.y, unit, flat.y),
    warnings: warningsFor([{ estimate: result, x, y }], manifest),
  };
}

function inUnit({ rows, columns, values }: Matrix, unit: Unit, flat: boolean) {
  const at = (r: number, c: number) => fromNats(values[c * rows + r] as number, unit);
  return flat
    ? Array.from({ length: rows }, (_, r) => at(r, 0))
    : Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => at(r, c)));
}
