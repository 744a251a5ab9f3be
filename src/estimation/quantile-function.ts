import { probit } from '../maths/normal.js';

/** A probability distribution of an unknown number. */
export interface Distribution {
  /** The quantile at any tau in (0, 1). */
  at(tau: number): number;
  /** The central interval of a probability level in (0, 1). */
  interval(level: number): { lower: number; upper: number };
  mean(): number;
}

/**
 * A distribution given by quantiles at some knots.
 *
 * Between knots: Q(tau) = P(Φ⁻¹(tau)), P the monotone cubic (PCHIP; Fritsch & Butland 1984, with
 * SciPy's end slopes) through (Φ⁻¹(tau_k), q_k). Beyond the outermost knots: linear in Φ⁻¹(tau)
 * with P's end slope, which gives normal tails. Q is clamped to at least 0, like mutual
 * information.
 */
export class QuantileFunction implements Distribution {
  readonly #w: Float64Array;
  readonly #q: Float64Array;
  readonly #slopes: Float64Array;
  readonly #limit: number;

  /**
   * @param taus ascending, in (0, 1), at least three.
   * @param knots quantiles at the taus, non-decreasing.
   * @param limit upper bound of the distribution.
   */
  constructor(taus: readonly number[], knots: ArrayLike<number>, limit = Infinity) {
    this.#limit = limit;
    this.#w = Float64Array.from(taus, probit);
    this.#q = Float64Array.from(knots);
    this.#slopes = pchipSlopes(this.#w, this.#q);
  }

  /** Q(tau) for any tau in (0, 1). */
  at(tau: number): number {
    return this.#atScore(probit(tau));
  }

  /** The central interval of a probability level in (0, 1). */
  interval(level: number): { lower: number; upper: number } {
    // Uses symmetry, because (1 + level) / 2 would round to 1 for the highest levels.
    const w = probit((1 - level) / 2);
    return { lower: this.#atScore(w), upper: this.#atScore(-w) };
  }

  /** ∫ Q(tau) dtau, as ∫ Q(Φ(w)) φ(w) dw by the trapezoid rule on 401 points of [−6, 6]. */
  mean(): number {
    let sum = 0;
    let weights = 0;
    for (let i = 0; i <= 400; i++) {
      const w = -6 + (12 * i) / 400;
      const weight = (i === 0 || i === 400 ? 0.5 : 1) * Math.exp((-w * w) / 2);
      sum += weight * this.#atScore(w);
      weights += weight;
    }
    return sum / weights;
  }

  #atScore(w: number): number {
    const last = this.#w.length - 1;
    const [first, end] = [this.#w[0] as number, this.#w[last] as number];
    if (w <= first) return this.#bounded(this.#line(0, w - first));
    if (w >= end) return this.#bounded(this.#line(last, w - end));
    let k = 0;
    while (w >= (this.#w[k + 1] as number)) k++;
    return this.#bounded(this.#cubic(k, w));
  }

  #bounded(value: number): number {
    return Math.min(this.#limit, Math.max(0, value));
  }

  #line(k: number, step: number): number {
    return (this.#q[k] as number) + (this.#slopes[k] as number) * step;
  }

  /** The cubic Hermite polynomial of the interval from knot k to knot k + 1. */
  #cubic(k: number, w: number): number {
    const [w0, w1] = [this.#w[k] as number, this.#w[k + 1] as number];
    const [q0, q1] = [this.#q[k] as number, this.#q[k + 1] as number];
    const [d0, d1] = [this.#slopes[k] as number, this.#slopes[k + 1] as number];
    const h = w1 - w0;
    const t = (w - w0) / h;
    const u = 1 - t;
    return q0 + (q1 - q0) * (3 - 2 * t) * t * t + h * t * u * (d0 * u - d1 * t);
  }
}

/** Derivatives at the knots, as in SciPy's PchipInterpolator. */
function pchipSlopes(x: Float64Array, y: Float64Array): Float64Array {
  const n = x.length;
  const h = Float64Array.from({ length: n - 1 }, (_, k) => (x[k + 1] as number) - (x[k] as number));
  const m = h.map((width, k) => ((y[k + 1] as number) - (y[k] as number)) / width);
  const slopes = new Float64Array(n);
  for (let k = 1; k < n - 1; k++) {
    const [h0, h1, m0, m1] = [h[k - 1], h[k], m[k - 1], m[k]] as [number, number, number, number];
    // The weighted harmonic mean; 0 at a local extremum or next to a flat piece.
    if (m0 * m1 > 0) {
      const [w0, w1] = [2 * h1 + h0, h1 + 2 * h0];
      slopes[k] = (w0 + w1) / (w0 / m0 + w1 / m1);
    }
  }
  slopes[0] = endSlope(h[0] as number, h[1] as number, m[0] as number, m[1] as number);
  slopes[n - 1] = endSlope(
    h[n - 2] as number,
    h[n - 3] as number,
    m[n - 2] as number,
    m[n - 3] as number,
  );
  return slopes;
}

/**
 * One-sided three-point estimate, limited to preserve the shape (Moler, Numerical Computing, 3.4).
 */
function endSlope(h0: number, h1: number, m0: number, m1: number): number {
  const slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1);
  if (Math.sign(slope) !== Math.sign(m0)) return 0;
  if (Math.sign(m0) !== Math.sign(m1) && Math.abs(slope) > 3 * Math.abs(m0)) return 3 * m0;
  return slope;
}
