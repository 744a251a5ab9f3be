import type { Distribution } from './quantile-function.js';

/** Number of equally likely values that represent a distribution. */
const POINTS = 128;

/** A distribution that equally likely values represent. */
export class SampledDistribution implements Distribution {
  readonly #sorted: Float64Array;

  constructor(values: Float64Array) {
    this.#sorted = values.sort();
  }

  /** The quantile at tau, linear between the values, each at the middle of its share. */
  at(tau: number): number {
    const last = this.#sorted.length - 1;
    const place = Math.min(last, Math.max(0, tau * (last + 1) - 0.5));
    const low = this.#sorted[Math.floor(place)] as number;
    return low + (place % 1) * ((this.#sorted[Math.ceil(place)] as number) - low);
  }

  interval(level: number): { lower: number; upper: number } {
    return { lower: this.at((1 - level) / 2), upper: this.at((1 + level) / 2) };
  }

  mean(): number {
    return this.#sorted.reduce((sum, value) => sum + value, 0) / this.#sorted.length;
  }

  /** The distribution with each quantile replaced by that of an upper bound if it is larger. */
  cappedBy(bounds: readonly ((tau: number) => number)[]): SampledDistribution {
    const count = this.#sorted.length;
    return new SampledDistribution(
      this.#sorted.map((value, i) =>
        bounds.reduce((least, bound) => Math.min(least, bound((i + 0.5) / count)), value),
      ),
    );
  }

  /** The distribution with negative values replaced by 0. */
  nonNegative(): SampledDistribution {
    return new SampledDistribution(this.#sorted.map((value) => Math.max(0, value)));
  }
}

/**
 * The difference of two estimates, with their errors treated as independent. The errors of
 * estimates from the same samples are positively correlated, so the difference is more certain than
 * stated.
 */
export function difference(a: Distribution, b: Distribution): SampledDistribution {
  const [valuesA, valuesB] = [valuesOf(a), valuesOf(b)];
  const differences = new Float64Array(POINTS * POINTS);
  valuesA.forEach((first, i) => {
    valuesB.forEach((second, j) => {
      differences[i * POINTS + j] = first - second;
    });
  });
  return new SampledDistribution(differences);
}

/**
 * The equal mixture of two distributions of one quantity. Where they disagree, it is wider than
 * either.
 */
export function pooled(a: Distribution, b: Distribution): SampledDistribution {
  return new SampledDistribution(Float64Array.of(...valuesOf(a), ...valuesOf(b)));
}

/** Quantiles at the middles of POINTS equal shares of probability, ascending. */
function valuesOf(distribution: Distribution): Float64Array {
  return Float64Array.from({ length: POINTS }, (_, i) => distribution.at((i + 0.5) / POINTS));
}
