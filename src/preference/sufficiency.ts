import { childSeeds, type Random, random } from '../maths/random.js';
import type { Matrix, Samples } from '../samples/samples.js';
import { fitBeta } from './beta-fit.js';
import { type Clusters, clustersOf } from './clusters.js';
import { sigmoid } from '../maths/log-space.js';
import { fitLogistic } from './logistic.js';
import { logRatioMargins, type Pairs } from './pairs.js';
import { normalPValue } from './power-law.js';
import { type PreferenceWarning, pairWarnings } from './warnings.js';

/** Median of the mutual information of samples, in nats. */
export type MedianInformation = (samples: Samples) => Promise<number>;

/** The two questions about the label S of pairs in random order: what δ, and what all, tell of it. */
export interface Questions {
  /** x: s δ. y: S. */
  readonly did: Samples;
  /** x: s δ and s times each feature. y: S. */
  readonly all: Samples;
  readonly pairs: number;
  readonly margins: Float64Array;
  /** Features under their names, of the same pairs. */
  readonly features: ReadonlyMap<string, Float64Array>;
  readonly clusters: Clusters;
}

/**
 * Puts each pair in a random order, s = ±1, whose label S says whether the first side was chosen.
 * All differences turn with the order, so that S is a fair coin.
 *
 * @param most pairs to take, drawn at random when there are more.
 */
function askQuestions(pairs: Pairs, most: number, seed: number): Questions {
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

export interface Task {
  readonly pairs: Pairs;
  /** Columns beside the pairs that were not read. */
  readonly ignored: readonly string[];
  readonly maxPairs: number;
  readonly seed: number;
}

export interface Preparation {
  readonly questions: Questions;
  /** β̂ of their pairs; null when none is finite. */
  readonly beta: number | null;
  readonly linear: LinearCheck | null;
  readonly warnings: PreferenceWarning[];
}

/** All that comes before the model: plain data in and out, so that any thread can do it. */
export function prepare({ pairs, ignored, maxPairs, seed }: Task): Preparation {
  const questions = askQuestions(pairs, maxPairs, seed);
  return {
    questions,
    beta: fitBeta(questions.margins, questions.clusters, 0.9).beta,
    linear: linearCheck(questions),
    warnings: pairWarnings(pairs, ignored),
  };
}

export interface NullTest {
  /** Share of label sets drawn from the power law whose gain is at least the one seen. */
  readonly p_value: number;
  readonly resamples: number;
  /** Mean gain when the power law holds: what the estimator itself adds for more columns. */
  readonly null_gain: number;
}

/**
 * Tests I(S; (δ, features)) = I(S; δ) by drawing labels anew from S ~ σ(β̂ δ), the power law, with
 * δ and the features as they are, and estimating both sides each time.
 *
 * @param beta β̂.
 * @param gain of the two estimates on the labels seen, in nats.
 */
export async function testGain(
  { margins, features }: Questions,
  beta: number,
  gain: number,
  options: { resamples: number; seed: number; estimate: MedianInformation },
): Promise<NullTest> {
  // Another stream than the one that put the pairs in order.
  const [labelSeed] = childSeeds(options.seed, 1) as [number];
  const { uniform } = random(labelSeed);
  let reached = 0;
  let total = 0;
  for (let i = 0; i < options.resamples; i++) {
    const turns = margins.map(() => (uniform() < 0.5 ? -1 : 1));
    const labels = turns.map((turn, row) =>
      uniform() < sigmoid(beta * turn * (margins[row] as number)) ? 1 : -1,
    );
    const { did, all } = samplesOf(margins, features, turns, labels);
    const [without, withAll] = await Promise.all([options.estimate(did), options.estimate(all)]);
    total += withAll - without;
    if (withAll - without >= gain) reached++;
  }
  return {
    p_value: (reached + 1) / (options.resamples + 1),
    resamples: options.resamples,
    null_gain: total / options.resamples,
  };
}

/** A second opinion that sees linear effects only. */
export interface LinearCheck {
  /** ln 2 minus the mean loss of the best σ(βδ), and with the features, in nats. */
  readonly did: number;
  readonly all: number;
  readonly features: {
    readonly name: string;
    readonly coefficient: number;
    readonly standard_error: number | null;
    readonly p_value: number | null;
  }[];
}

/** Logistic regressions on δ, and on δ with the features; null when either has no finite fit. */
function linearCheck({ margins, features, clusters }: Questions): LinearCheck | null {
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
 * @param turns ±1 a pair: how its differences are turned.
 * @param labels ±1 a pair: the turns themselves, unless they are drawn from another law.
 */
function samplesOf(
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

/** Rows in order, or a random subset of them (Knuth's selection sampling). */
function sampleRows(rows: number, most: number, { uniform }: Random): number[] {
  const taken: number[] = [];
  for (let i = 0; i < rows && taken.length < most; i++) {
    if ((rows - i) * uniform() < most - taken.length) taken.push(i);
  }
  return taken;
}
