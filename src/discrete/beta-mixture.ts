import gammaln from '@stdlib/math-base-special-gammaln';
import { firstIndex } from '../maths/search.js';

/** A Beta distribution on [0, 1] and its weight in a mixture. */
export interface WeightedBeta {
  readonly weight: number;
  readonly a: number;
  readonly b: number;
}

/** Grid points of each part, in its standard deviations from its center on the logit scale. */
const OFFSETS = Float64Array.from({ length: 41 }, (_, i) => {
  const t = (i - 20) / 20;
  // Denser in the middle: ±9 at the ends, steps of about ¼ at the center.
  return 9 * (0.55 * t + 0.45 * t ** 3);
});
/** Where a tail is exponential with rate a: multiples of 1 / a beyond the center. */
const TAIL = [2, 4, 7, 11, 16, 24, 36];

/**
 * Quantiles of a mixture of Beta distributions.
 *
 * On the logit scale u = ln(x / (1 − x)) the density of each part is a smooth bump. The mixture is
 * integrated by Simpson's rule over the grid points of all parts and inverted between them; the
 * error is below 1e-5 of the range.
 *
 * @param parts weights that sum to 1.
 * @param taus in (0, 1).
 */
export function betaMixtureQuantiles(
  parts: readonly WeightedBeta[],
  taus: readonly number[],
): Float64Array {
  const grid = gridOf(parts);
  const norms = parts.map(({ weight, a, b }) => Math.log(weight) + logBetaInverse(a, b));
  const density = (u: number) => {
    // ln(1 + e^u), however large u is.
    const soft = u > 0 ? u + Math.log1p(Math.exp(-u)) : Math.log1p(Math.exp(u));
    let sum = 0;
    parts.forEach(({ a, b }, p) => {
      sum += Math.exp((norms[p] as number) + a * u - (a + b) * soft);
    });
    return sum;
  };
  const heights = grid.map(density);
  const below = new Float64Array(grid.length);
  for (let i = 1; i < grid.length; i++) {
    const [from, to] = [grid[i - 1] as number, grid[i] as number];
    const middle = density((from + to) / 2);
    const mass = ((heights[i - 1] as number) + 4 * middle + (heights[i] as number)) / 6;
    below[i] = (below[i - 1] as number) + (to - from) * mass;
  }
  const total = below[below.length - 1] as number;
  return Float64Array.from(taus, (tau) => {
    const target = tau * total;
    const i = Math.min(
      grid.length - 1,
      Math.max(
        1,
        firstIndex(grid.length, (k) => (below[k] as number) >= target),
      ),
    );
    const u = inverse(
      { at: grid[i - 1] as number, below: below[i - 1] as number, slope: heights[i - 1] as number },
      { at: grid[i] as number, below: below[i] as number, slope: heights[i] as number },
      target,
    );
    return 1 / (1 + Math.exp(-u));
  });
}

interface Knot {
  readonly at: number;
  readonly below: number;
  readonly slope: number;
}

/** Where the cubic Hermite polynomial between two knots reaches a value; by bisection. */
function inverse(low: Knot, high: Knot, target: number): number {
  const width = high.at - low.at;
  let [from, to] = [0, 1];
  for (let step = 0; step < 40; step++) {
    const t = (from + to) / 2;
    const s = 1 - t;
    const value =
      s * s * ((1 + 2 * t) * low.below + t * width * low.slope) +
      t * t * ((1 + 2 * s) * high.below - s * width * high.slope);
    if (value < target) from = t;
    else to = t;
  }
  return low.at + (width * (from + to)) / 2;
}

function gridOf(parts: readonly WeightedBeta[]): Float64Array {
  const points: number[] = [];
  for (const { a, b } of parts) {
    const center = Math.log(a / b);
    const deviation = Math.sqrt(1 / a + 1 / b);
    for (const offset of OFFSETS) points.push(center + offset * deviation);
    for (const steps of TAIL) points.push(center - steps / a, center + steps / b);
  }
  return Float64Array.from(points).sort();
}

/** −ln B(a, b). */
function logBetaInverse(a: number, b: number): number {
  return gammaln(a + b) - gammaln(a) - gammaln(b);
}
