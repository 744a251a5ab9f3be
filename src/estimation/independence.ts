import type { Estimator } from '../discrete/answer.js';
import { childSeeds } from '../maths/random.js';
import { matricesOf, type NamedSide } from '../samples/samples.js';
import type { EstimateWarning } from '../warnings.js';
import {
  type BriefEstimate,
  type BriefOptions,
  brief,
  distributionOf,
  estimatorOf,
  statisticOf,
} from './estimate.js';
import type { ModelTraits } from './model.js';
import type { Ask } from './question.js';
import { type PermutationTest, permutationTest } from './sequential-test.js';
import { warningsFor } from './warnings.js';

export interface TestOptions {
  /** Maximum number of draws; 0 for no test. */
  readonly permutations: number;
  /** Whether to stop as soon as the p-value is clearly large. */
  readonly earlyStop: boolean;
  readonly seed: number;
}

export interface Independence extends BriefEstimate, PermutationTest {
  readonly estimator: Estimator;
  readonly warnings: EstimateWarning[];
}

/**
 * Tests whether x and y are independent, by comparing the estimate with estimates after shuffling
 * the rows of x. The test is exact for independent observations and any kind of columns.
 */
export async function independence(
  ask: Ask,
  sides: { readonly x: NamedSide; readonly y: NamedSide },
  model: ModelTraits,
  options: BriefOptions & TestOptions,
): Promise<Independence> {
  const samples = matricesOf(sides);
  const [observed] = await ask([samples]);
  if (observed === undefined) throw new Error('no estimate of the samples');
  const { permutations, seed } = options;
  const seeds = childSeeds(seed, permutations);
  const draw = async (from: number, count: number) => {
    const draws = seeds.slice(from, from + count);
    const answers = await ask(
      draws.map((drawSeed) => ({ ...samples, shuffle: { kind: 'rows', seed: drawSeed } })),
    );
    return answers.map((answer) => statisticOf(answer, model));
  };
  return {
    ...brief(distributionOf(observed, model), options),
    estimator: estimatorOf(observed),
    ...(await permutationTest(statisticOf(observed, model), draw, options)),
    warnings: warningsFor([{ answer: observed, ...sides }], model),
  };
}
