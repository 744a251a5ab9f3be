export const UNITS = ['nats', 'bits'] as const;

export type Unit = (typeof UNITS)[number];

/** Converts nats, the unit of every model, to another unit. */
export function fromNats(nats: number, unit: Unit): number {
  return unit === 'nats' ? nats : nats / Math.LN2;
}

/**
 * The correlation of a bivariate normal with this much mutual information: a 0…1 scale for MI
 * (Linfoot 1957).
 *
 * @param nats mutual information in nats, at least 0.
 */
export function informationCorrelation(nats: number): number {
  return Math.sqrt(-Math.expm1(-2 * nats));
}

/**
 * Mutual information as a share of a discrete variable's entropy (Theil 1970); 0 for a constant
 * variable, whose entropy is 0.
 *
 * @param nats mutual information in nats.
 * @param entropy entropy of the variable in nats.
 */
export function uncertaintyCoefficient(nats: number, entropy: number): number {
  return entropy === 0 ? 0 : Math.min(1, nats / entropy);
}
