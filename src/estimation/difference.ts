import type { Distribution } from './quantile-function.js';

/** Equally likely values that stand for a distribution. */
const POINTS = 128;

/** A distribution given by equally likely values. */
export class SampledDistribution implements Distribution {
  readonly #sorted: Float64Array;

  constructor(values: Float64Array) {
    this.#sorted = values.sort();
  }

  /** Linear between the values, each at the middle of its share. */
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

  /** The same with all values below 0 at 0. */
  nonNegative(): SampledDistribution {
    return new SampledDistribution(this.#sorted.map((value) => Math.max(0, value)));
  }
}

/**
 * The difference of two estimates, as if their errors were independent. Those of estimates that
 * share samples are alike rather than opposite, so the difference is more certain than this says.
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
 * Two beliefs about one quantity, each as likely to be right: where they disagree, the result is
 * less certain than either.
 */
export function pooled(a: Distribution, b: Distribution): SampledDistribution {
  return new SampledDistribution(Float64Array.of(...valuesOf(a), ...valuesOf(b)));
}

/** Quantiles at the middles of POINTS equal shares, ascending. */
function valuesOf(distribution: Distribution): Float64Array {
  return Float64Array.from({ length: POINTS }, (_, i) => distribution.at((i + 0.5) / POINTS));
}
