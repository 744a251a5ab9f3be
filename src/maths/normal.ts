import erfc from '@stdlib/math-base-special-erfc';
import erfcinv from '@stdlib/math-base-special-erfcinv';

/** Φ⁻¹(p) for p in (0, ½], accurate for any small p; use `probit` for the whole of (0, 1). */
export function normalQuantile(p: number): number {
  return -Math.SQRT2 * erfcinv(2 * p);
}

/** Φ⁻¹(tau) for tau in (0, 1), accurate in both tails. */
export function probit(tau: number): number {
  return tau <= 0.5 ? normalQuantile(tau) : -normalQuantile(1 - tau);
}

/** The density φ(z) of a standard normal variable. */
export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Two-sided p-value of a standard normal statistic. */
export function normalPValue(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2);
}
