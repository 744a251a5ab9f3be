import { MistdError } from '../errors.js';
import type { ModelTraits } from '../estimation/model.js';
import { QuantileFunction } from '../estimation/quantile-function.js';
import type { Ask, ModelAnswer, Question } from '../estimation/question.js';
import { fromNats, type Unit } from '../estimation/units.js';
import { warningsFor } from '../estimation/warnings.js';
import { sigmoid } from '../maths/log-space.js';
import { childSeeds, random } from '../maths/random.js';
import type { Samples } from '../samples/samples.js';
import type { Warning } from '../warnings.js';
import { type Comparison, type LabeledPairs, type LinearCheck, samplesOf } from './comparison.js';
import type { Pairs } from './pairs.js';

/** A comparison needs at least this many pairs. */
const MIN_PAIRS = 10;

export interface SufficiencyOptions {
  /** Probability of the intervals, in (0, 1). */
  readonly level: number;
  /** Significance level of the verdict. */
  readonly alpha: number;
  readonly unit: Unit;
  /** Number of label sets to draw for the test; 0 for no test. */
  readonly resamples: number;
  readonly seed: number;
}

interface Information {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** Whether the features hold information about preferences that the DID does not. */
export interface Sufficiency {
  readonly pairs: number;
  readonly features: string[];
  readonly level: number;
  /** I(S; δ), in the unit. */
  readonly did: Information;
  /** I(S; (δ, features)), in the unit. */
  readonly all: Information;
  /** The difference of the two, in the unit. */
  readonly gain: Information;
  readonly test: NullTest | null;
  readonly linear: LinearCheck | null;
  readonly verdict: SufficiencyVerdict;
  readonly warnings: Warning[];
}

export interface SufficiencyVerdict {
  readonly conclusion: 'outside' | 'none_found' | 'untested';
  readonly text: string;
}

/**
 * Compares I(S; (δ, features)) with I(S; δ), where S is the label of pairs in random order. Under
 * the power law of the DID (arXiv 2505.23761), δ is sufficient, and features add nothing.
 */
export async function sufficiency(
  ask: Ask,
  { labeled, beta, linear, warnings }: Comparison,
  model: ModelTraits,
  options: SufficiencyOptions,
): Promise<Sufficiency> {
  const { level, alpha, unit, resamples, seed } = options;
  const answers = (await ask([modelOnly(labeled.did), modelOnly(labeled.all)])) as [
    ModelAnswer,
    ModelAnswer,
  ];
  const [did, all] = answers.map((answer) => informationOf(answer, model)) as [
    QuantileFunction,
    QuantileFunction,
  ];
  const gain = all.at(0.5) - did.at(0.5);
  const test =
    resamples === 0 || beta === null
      ? null
      : await testGain(labeled, beta, gain, {
          resamples,
          seed,
          medians: async (...samples) =>
            (await ask(samples.map(modelOnly))).map((answer) =>
              informationOf(answer, model).at(0.5),
            ),
        });
  const features = [...labeled.features.keys()];
  const label = { name: 'y', columns: ['S'] };
  return {
    pairs: labeled.pairs,
    features,
    level,
    did: summary(did, level, unit),
    all: summary(all, level, unit),
    gain: {
      estimate: fromNats(gain, unit),
      ...gainInterval(did, all, level, unit),
    },
    test: test && { ...test, null_gain: fromNats(test.null_gain, unit) },
    linear: linear && {
      ...linear,
      did: fromNats(linear.did, unit),
      all: fromNats(linear.all, unit),
    },
    verdict: verdictOf(test, linear, alpha),
    warnings: [
      ...warnings,
      ...warningsFor(
        [
          { answer: answers[0], x: { name: 'x', columns: ['δ'] }, y: label },
          { answer: answers[1], x: { name: 'x', columns: ['δ', ...features] }, y: label },
        ],
        model,
      ),
    ],
  };
}

/**
 * Checks that a comparison of pairs is possible.
 *
 * @param maxColumns largest number of columns of a side of an estimate.
 * @throws MistdError if the pairs have no features, too many of them, or are too few.
 */
export function checkComparable({ count, features }: Pairs, maxColumns: number): void {
  if (features.size === 0) {
    throw new MistdError(
      'missing_field',
      'The pairs have no features to compare with the DID. Send features in every pair, as differences, chosen minus rejected; for example {"length": 12}.',
      { pointer: '/pairs/0/features' },
    );
  }
  if (features.size + 1 > maxColumns) {
    throw new MistdError(
      'too_many_columns',
      `δ and the features make ${features.size + 1} columns; the limit is ${maxColumns}.`,
      { pointer: '/pairs/0/features' },
    );
  }
  if (count < MIN_PAIRS) {
    throw new MistdError(
      'too_few_rows',
      `At least ${MIN_PAIRS} pairs are needed; the request has ${count}.`,
      { pointer: '/pairs' },
    );
  }
}

/** Both informations come from the same estimator, so that their biases cancel. */
function modelOnly(samples: Samples): Question {
  return { ...samples, modelOnly: true };
}

/** The information about S, at most ln 2 nats, because S is one bit. */
function informationOf({ knots }: ModelAnswer, { taus }: ModelTraits): QuantileFunction {
  return new QuantileFunction(
    taus,
    knots.map((value) => Math.min(value, Math.LN2)),
  );
}

function summary(information: QuantileFunction, level: number, unit: Unit): Information {
  const { lower, upper } = information.interval(level);
  return {
    estimate: fromNats(information.at(0.5), unit),
    lower: fromNats(lower, unit),
    upper: fromNats(upper, unit),
  };
}

/** An interval of the difference, at least 0: each estimate gets half of the error probability. */
function gainInterval(did: QuantileFunction, all: QuantileFunction, level: number, unit: Unit) {
  const [less, more] = [did.interval((1 + level) / 2), all.interval((1 + level) / 2)];
  return {
    lower: fromNats(Math.max(0, more.lower - less.upper), unit),
    upper: fromNats(Math.max(0, more.upper - less.lower), unit),
  };
}

/** Estimates the mutual information of each of the samples: the medians, in nats. */
export type MedianInformation = (...samples: Samples[]) => Promise<number[]>;

export interface NullTest {
  /** Share of label sets drawn from the power law whose gain is at least the observed gain. */
  readonly p_value: number;
  readonly resamples: number;
  /** Mean gain if the power law holds: what the estimator itself adds for more columns. */
  readonly null_gain: number;
}

/**
 * Tests I(S; (δ, features)) = I(S; δ). Labels are drawn from the power law, S ~ σ(β̂ δ), with δ and
 * the features unchanged, and both sides are estimated for each set of labels.
 *
 * @param beta β̂.
 * @param gain the difference of the two estimates on the observed labels, in nats.
 */
export async function testGain(
  { margins, features }: LabeledPairs,
  beta: number,
  gain: number,
  options: { resamples: number; seed: number; medians: MedianInformation },
): Promise<NullTest> {
  // These draws must be independent of the random order of the pairs, which comes from the seed.
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
    const [without = 0, withAll = 0] = await options.medians(did, all);
    total += withAll - without;
    if (withAll - without >= gain) reached++;
  }
  return {
    p_value: (reached + 1) / (options.resamples + 1),
    resamples: options.resamples,
    null_gain: total / options.resamples,
  };
}

function verdictOf(
  test: NullTest | null,
  linear: LinearCheck | null,
  alpha: number,
): SufficiencyVerdict {
  const best = linear?.features
    .filter(({ p_value }) => p_value !== null)
    .sort((a, b) => (a.p_value as number) - (b.p_value as number))[0];
  const second =
    best === undefined
      ? ''
      : ` In a logistic regression, ${best.name} adds the most (p = ${(best.p_value as number).toPrecision(2)}).`;
  if (test === null) {
    return {
      conclusion: 'untested',
      text: `Not tested: no labels were drawn, or no finite β fits the pairs.${second}`,
    };
  }
  const p = `p = ${test.p_value.toPrecision(2)}`;
  return test.p_value < alpha
    ? {
        conclusion: 'outside',
        text: `The features hold information about these preferences that the DID does not (${p}): the power law does not hold for them.${second}`,
      }
    : {
        conclusion: 'none_found',
        text: `No preference information outside the DID was found in these features (${p}); this does not prove that there is none.${second}`,
      };
}
