import type { ClassicalMethod } from '../classical/classical.js';
import { agrees, type SecondOpinion } from '../classical/second-opinion.js';
import type { Distribution } from './quantile-function.js';
import { fromNats, type Unit } from './units.js';

/** A second opinion in the requested unit, and whether it agrees with the model. */
export interface ComparedOpinion {
  readonly method: ClassicalMethod;
  readonly estimate: number;
  readonly standard_error: number;
  readonly rows: number;
  readonly agrees: boolean;
}

/** Level of the model's interval that a second opinion is compared with. */
export const CERTAIN_LEVEL = 0.99;

/** Compares a second opinion with a distribution of mutual information in nats. */
export function compared(
  opinion: SecondOpinion,
  distribution: Distribution,
  unit: Unit,
): ComparedOpinion {
  const { method, nats, standardError, rows } = opinion;
  return {
    method,
    estimate: fromNats(nats, unit),
    standard_error: fromNats(standardError, unit),
    rows,
    agrees: agrees(opinion, distribution.interval(CERTAIN_LEVEL)),
  };
}
