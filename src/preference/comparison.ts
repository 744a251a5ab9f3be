import type { Matrix } from '../maths/matrix.js';
import { normalPValue } from '../maths/normal.js';
import { type Random, random } from '../maths/random.js';
import type { Samples } from '../samples/samples.js';
import type { PreferenceWarning } from '../warnings.js';
import { fitBeta } from './beta-fit.js';
import { type Clusters, clustersOf } from './clusters.js';
import { fitLogistic } from './logistic.js';
import { logRatioMargins, type Pairs } from './pairs.js';
import { pairWarnings } from './warnings.js';

/**
 * Preference pairs in random order. The label S indicates whether the first side was chosen; the
 * question is how much information about S there is in δ alone, and in δ with the features.
 */
export interface LabeledPairs {
  /** x: s δ. y: S. */
  readonly did: Samples;
  /** x: s δ and s times each feature. y: S. */
  readonly all: Samples;
  readonly pairs: number;
  readonly margins: Float64Array;
  /** Features of the same pairs, by name. */
  readonly features: ReadonlyMap<string, Float64Array>;
  readonly clusters: Clusters;
}

export interface ComparisonInput {
  readonly pairs: Pairs;
  /** Names of columns that were ignored. */
  readonly ignored: readonly string[];
  readonly maxPairs: number;
  readonly seed: number;
}

/** All results that need no model. */
export interface Comparison {
  readonly labeled: LabeledPairs;
  /** β̂ of the labeled pairs; null if no finite β fits. */
  readonly beta: number | null;
  readonly linear: LinearCheck | null;
  readonly warnings: PreferenceWarning[];
}

/** Draws the labeled pairs and computes all results that need no model, from and to plain data. */
export function drawComparison({ pairs, ignored, maxPairs, seed }: ComparisonInput): Comparison {
  const labeled = labelPairs(pairs, maxPairs, seed);
  return {
    labeled,
    beta: fitBeta(labeled.margins, labeled.clusters, 0.9).beta,
    linear: linearCheck(labeled),
    warnings: [
      ...pairWarnings(pairs, ignored),
      ...(labeled.pairs < pairs.count ? [subsampled(labeled.pairs, pairs.count)] : []),
    ],
  };
}

function subsampled(used: number, sent: number): PreferenceWarning {
  return {
    code: 'subsampled',
    message: `Of the ${sent} pairs, a random subset of ${used} was used; max_pairs sets its size.`,
  };
}

/**
 * Puts each pair in a random order, s = ±1. All differences change sign with the order, so S is a
 * fair coin.
 *
 * @param most largest number of pairs; of more, a random subset is taken.
 */
function labelPairs(pairs: Pairs, most: number, seed: number): LabeledPairs {
  const stream = random(seed);
  const taken = sampleRows(pairs.count, most, stream);
  const pick = (column: Float64Array) => Float64Array.from(taken, (i) => column[i] as number);
  const margins = pick(logRatioMargins(pairs));
  const features = new Map([...pairs.features].map(([name, column]) => [name, pick(column)]));
  const signs = Float64Array.from(taken, () => (stream.uniform() < 0.5 ? -1 : 1));
  return {
    ...samplesOf(margins, features, signs),
    pairs: taken.length,
    margins,
    features,
    clusters: clustersOf(pairs.clusters, taken),
  };
}

/** A second opinion that detects only linear effects. */
export interface LinearCheck {
  /** ln 2 minus the mean loss of the best σ(βδ), in nats. */
  readonly did: number;
  /** The same for the best model of δ and the features. */
  readonly all: number;
  readonly features: {
    readonly name: string;
    readonly coefficient: number;
    readonly standard_error: number | null;
    readonly p_value: number | null;
  }[];
}

/** Logistic regressions on δ, and on δ with the features; null if either has no finite fit. */
function linearCheck({ margins, features, clusters }: LabeledPairs): LinearCheck | null {
  const base = fitLogistic([margins], clusters);
  const all = fitLogistic([margins, ...features.values()], clusters);
  if (base.coefficients === null || all.coefficients === null) return null;
  const information = (logLikelihood: number) => Math.LN2 + logLikelihood / margins.length;
  return {
    did: information(base.logLikelihood),
    all: information(all.logLikelihood),
    features: [...features.keys()].map((name, j) => {
      const coefficient = all.coefficients?.[j + 1] as number;
      const error = all.clusteredErrors?.[j + 1] ?? null;
      return {
        name,
        coefficient,
        standard_error: error,
        p_value: error === null ? null : normalPValue(coefficient / error),
      };
    }),
  };
}

/**
 * Makes the samples of both questions.
 *
 * @param turns the sign, ±1, that multiplies the differences of each pair.
 * @param labels the label, ±1, of each pair; defaults to the turns.
 */
export function samplesOf(
  margins: Float64Array,
  features: ReadonlyMap<string, Float64Array>,
  turns: Float64Array,
  labels = turns,
): { did: Samples; all: Samples } {
  const rows = margins.length;
  const columns = [margins, ...features.values()];
  const x = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    for (let r = 0; r < rows; r++) x[c * rows + r] = (turns[r] as number) * (column[r] as number);
  });
  const label = (): Matrix => ({ rows, columns: 1, values: Float64Array.from(labels) });
  return {
    did: { x: { rows, columns: 1, values: x.slice(0, rows) }, y: label() },
    all: { x: { rows, columns: columns.length, values: x }, y: label() },
  };
}

/** All rows, or a random subset of them in order (Knuth's selection sampling). */
function sampleRows(rows: number, most: number, { uniform }: Random): number[] {
  const taken: number[] = [];
  for (let i = 0; i < rows && taken.length < most; i++) {
    if ((rows - i) * uniform() < most - taken.length) taken.push(i);
  }
  return taken;
}
