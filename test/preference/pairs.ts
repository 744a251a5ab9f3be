import { singleClusters } from '../../src/preference/clusters.js';
import type { Pairs } from '../../src/preference/pairs.js';
import { normals, uniforms } from '../data.js';

/** Pairs whose log-ratio margins are these numbers. */
export function pairsOf(
  margins: readonly number[],
  features: Record<string, readonly number[]> = {},
): Pairs {
  const flat = (value: number) => new Float64Array(margins.length).fill(value);
  return {
    count: margins.length,
    chosen: Float64Array.from(margins, (margin) => -50 + margin),
    rejected: flat(-50),
    refChosen: flat(-50),
    refRejected: flat(-50),
    tokens: undefined,
    clusters: singleClusters(margins.length),
    features: new Map(
      Object.entries(features).map(([name, values]) => [name, Float64Array.from(values)]),
    ),
    floored: 0,
  };
}

/** Pairs whose choices follow σ(0.5 δ + weight · length). */
export function choicesBy(weight: number, count: number, seed = 1): Pairs {
  const [normal, uniform] = [normals(seed), uniforms(seed + 1)];
  const rows = Array.from({ length: count }, () => {
    const [margin, length] = [2 * normal(), normal()];
    const first = uniform() < 1 / (1 + Math.exp(-0.5 * margin - weight * length));
    return first ? [margin, length] : [-margin, -length];
  });
  const column = (c: number) => rows.map((row) => row[c] as number);
  return pairsOf(column(0), { length: column(1) });
}
