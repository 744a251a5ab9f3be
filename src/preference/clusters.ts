import { normalQuantile } from '../maths/normal.js';

/** A mean and its uncertainty, which is null with fewer than two clusters. */
export interface Mean {
  readonly mean: number;
  readonly standard_error: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Groups of dependent observations. Observations of one prompt share its difficulty and its errors,
 * so only different prompts are independent. This is plain data that other threads can take.
 */
export interface Clusters {
  /** Cluster of each observation, 0 … count − 1; undefined if each is a cluster of its own. */
  readonly of: Int32Array | undefined;
  readonly count: number;
}

/** Clusters in which each observation is on its own. */
export function singleClusters(observations: number): Clusters {
  return { of: undefined, count: observations };
}

/** The clusters of a subset of the observations. */
export function clustersOf(clusters: Clusters, observations: readonly number[]): Clusters {
  const { of } = clusters;
  if (of === undefined) return singleClusters(observations.length);
  const known = new Map<number, number>();
  const renumbered = Int32Array.from(observations, (observation) => {
    const cluster = of[observation] as number;
    const place = known.get(cluster) ?? known.size;
    known.set(cluster, place);
    return place;
  });
  return { of: renumbered, count: known.size };
}

/**
 * Sums several figures over the observations of each cluster, in one pass.
 *
 * @param width number of figures.
 * @param figures writes the figures of an observation.
 * @returns the sum of figure k over cluster g at index g · width + k.
 */
export function clusterSums(
  { of, count }: Clusters,
  observations: number,
  width: number,
  figures: (observation: number, into: Float64Array) => void,
): Float64Array {
  const sums = new Float64Array(count * width);
  const one = new Float64Array(width);
  for (let i = 0; i < observations; i++) {
    figures(i, one);
    const first = width * (of === undefined ? i : (of[i] as number));
    for (let k = 0; k < width; k++) {
      sums[first + k] = (sums[first + k] as number) + (one[k] as number);
    }
  }
  return sums;
}

/**
 * Computes the means of several figures, their cluster-robust (sandwich) standard errors,
 * √(G/(G−1) Σ_g (Σ_{i∈g} (x_i − x̄))²) / n over G clusters, and normal intervals.
 *
 * @param names of the figures, in the order in which `figures` writes them.
 * @param level of the intervals, in (0, 1).
 */
export function clusterMeans<Name extends string>(
  clusters: Clusters,
  observations: number,
  names: readonly Name[],
  figures: (observation: number, into: Float64Array) => void,
  level: number,
): Record<Name, Mean> {
  const { count } = clusters;
  const width = names.length;
  const sums = clusterSums(clusters, observations, width, figures);
  const sizes = clusterSums(clusters, observations, 1, (_observation, into) => {
    into[0] = 1;
  });
  const means = names.map((name, k): [Name, Mean] => {
    let total = 0;
    for (let at = k; at < sums.length; at += width) total += sums[at] as number;
    const mean = total / observations;
    if (count < 2) return [name, { mean, standard_error: null, lower: null, upper: null }];
    let squares = 0;
    for (let g = 0; g < count; g++) {
      squares += ((sums[g * width + k] as number) - (sizes[g] as number) * mean) ** 2;
    }
    const error = Math.sqrt((count / (count - 1)) * squares) / observations;
    return [name, { mean, standard_error: error, ...interval(mean, error, level) }];
  });
  return Object.fromEntries(means) as Record<Name, Mean>;
}

/** Multiplies a mean and its uncertainty by a positive factor. */
export function scaled({ mean, standard_error, lower, upper }: Mean, factor: number): Mean {
  const times = (value: number | null) => value && value * factor;
  return {
    mean: mean * factor,
    standard_error: times(standard_error),
    lower: times(lower),
    upper: times(upper),
  };
}

/** The central normal interval at a level in (0, 1). */
export function interval(
  center: number,
  standardError: number,
  level: number,
): { lower: number; upper: number } {
  const half = -normalQuantile((1 - level) / 2) * standardError;
  return { lower: center - half, upper: center + half };
}
