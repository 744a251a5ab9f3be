import { MistdError } from '../errors.js';
import { factsOf, type SampleFacts } from '../samples/facts.js';
import { MIN_ROWS, type Samples } from '../samples/samples.js';
import { percentileInterval, type Resampling } from './bootstrap.js';
import { cca, gaussianCopula } from './gaussian.js';
import { ksg, type NeighborCounts } from './ksg.js';
import { plugin } from './plugin.js';

export const CLASSICAL_METHODS = [
  'ksg1',
  'ksg2',
  'cca',
  'gaussian_copula',
  'plugin',
  'miller_madow',
] as const;

export type ClassicalMethod = (typeof CLASSICAL_METHODS)[number];

export interface ClassicalOptions {
  readonly methods: readonly ClassicalMethod[];
  /** Number of neighbors k of the KSG methods, in 1…rows − 1. */
  readonly k: number;
  /** Bins per column that the plug-in methods cut; default: chosen by the number of rows. */
  readonly bins?: number | undefined;
  readonly bootstrap?: { readonly resamples: number; readonly level: number } | undefined;
  readonly seed: number;
}

export interface ClassicalEstimate {
  readonly method: ClassicalMethod;
  /** In nats; undefined if the method cannot estimate these samples. */
  readonly nats: number | undefined;
  readonly interval?:
    | { readonly lower: number; readonly upper: number; readonly resampling: Resampling }
    | undefined;
}

/** For each KSG method, the neighbor counts of each share of the rows. */
export type CountsOfShares = ReadonlyMap<ClassicalMethod, readonly NeighborCounts[]>;

/**
 * Estimates by each method, in the order of `options.methods`.
 *
 * @param counts neighbor counts, if they were computed elsewhere.
 */
export function classicalEstimates(
  samples: Samples,
  options: ClassicalOptions,
  counts?: CountsOfShares,
): ClassicalEstimate[] {
  return options.methods.map((method) => {
    const estimate = (some: Samples) => estimateBy(method, some, options);
    const nats = estimateBy(method, samples, options, counts?.get(method));
    if (options.bootstrap === undefined || nats === undefined) return { method, nats };
    const resampling = method.startsWith('ksg') ? 'half_samples' : 'bootstrap';
    const interval = percentileInterval(samples, estimate, nats, resampling, {
      ...options.bootstrap,
      seed: options.seed,
    });
    return { method, nats, interval: interval && { ...interval, resampling } };
  });
}

export interface ClassicalAnswer {
  readonly estimates: readonly ClassicalEstimate[];
  readonly facts: SampleFacts;
}

/**
 * Estimates by each method, with the facts that warnings are made from.
 *
 * @throws MistdError out_of_range if a KSG method needs more neighbors than each row has.
 */
export function classicalAnswer(
  samples: Samples,
  options: ClassicalOptions,
  counts?: CountsOfShares,
): ClassicalAnswer {
  checkNeighbors(samples.x.rows, options);
  return { estimates: classicalEstimates(samples, options, counts), facts: factsOf(samples) };
}

/** @throws MistdError out_of_range if a KSG method needs more neighbors than each row has. */
export function checkNeighbors(rows: number, { methods, k }: ClassicalOptions): void {
  if (k < rows || !methods.some((method) => ksgVariant(method) !== undefined)) return;
  throw new MistdError(
    'out_of_range',
    `k is ${k}; with ${rows} rows it may be at most ${rows - 1}.`,
    { pointer: '/k' },
  );
}

/** The KSG variant of a method; undefined for other methods. */
export function ksgVariant(method: ClassicalMethod): 1 | 2 | undefined {
  if (method === 'ksg1') return 1;
  return method === 'ksg2' ? 2 : undefined;
}

function estimateBy(
  method: ClassicalMethod,
  samples: Samples,
  { k, bins }: ClassicalOptions,
  counts?: readonly NeighborCounts[],
): number | undefined {
  switch (method) {
    case 'ksg1':
    case 'ksg2': {
      if (samples.x.rows < Math.max(MIN_ROWS, k + 1)) return undefined;
      return ksg(samples, { k, variant: method === 'ksg1' ? 1 : 2 }, counts).nats;
    }
    case 'cca':
      return cca(samples);
    case 'gaussian_copula':
      return gaussianCopula(samples);
    case 'plugin':
      return plugin(samples, bins).nats;
    case 'miller_madow':
      return plugin(samples, bins).corrected;
  }
}
