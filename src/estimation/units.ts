export const UNITS = ['nats', 'bits'] as const;

export type Unit = (typeof UNITS)[number];

/** Converts nats, the unit of every model, to the unit asked for. */
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
