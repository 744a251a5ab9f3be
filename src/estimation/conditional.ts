import { MistdError } from '../errors.js';
import { joinColumns, type Matrix } from '../maths/matrix.js';
import { childSeeds } from '../maths/random.js';
import { matricesOf, type NamedSide } from '../samples/samples.js';
import type { Shuffle } from '../samples/shuffle.js';
import type { EstimateWarning } from '../warnings.js';
import { difference, pooled, type SampledDistribution } from './difference.js';
import {
  type BriefEstimate,
  brief,
  distributionOf,
  type EstimateOptions,
  type FullEstimate,
  full,
  medianOf,
} from './estimate.js';
import type { TestOptions } from './independence.js';
import type { ModelTraits } from './model.js';
import type { Ask, ModelAnswer, Question } from './question.js';
import { type PermutationTest, permutationTest } from './sequential-test.js';
import { type SideName, warningsFor } from './warnings.js';

/** How many columns a side of an estimate may have. */
export interface ColumnLimit {
  readonly maxColumns: number;
}

/** Three sides of the same rows. */
export type Triple<T = Matrix> = Readonly<Record<'x' | 'y' | 'z', T>>;

export interface Conditional extends FullEstimate, Partial<PermutationTest> {
  /** I(X; Y), without the condition. */
  readonly unconditional: BriefEstimate;
  /** I(X; Y | Z) − I(X; Y); its information correlation says nothing and is left out. */
  readonly interaction_information: Omit<BriefEstimate, 'information_correlation'>;
  readonly warnings: EstimateWarning[];
}

/**
 * Conditional mutual information I(X; Y | Z), with its interval, and a test of whether it is 0.
 *
 * The chain rule gives it twice: I(X; (Y, Z)) − I(X; Z) and I(Y; (X, Z)) − I(Y; Z). Each is a
 * difference of two estimates, taken as if their errors were independent; both share the samples,
 * so their errors are rather alike and each difference is surer than this. The answer is the two
 * in equal shares, so that it does not depend on which side is called x and is wider where the
 * model contradicts itself. What is below 0 counts as 0.
 *
 * The test exchanges rows of x among rows of similar z (see `conditionalTest`).
 */
export async function conditional(
  ask: Ask,
  sides: Triple<NamedSide>,
  model: ModelTraits,
  options: EstimateOptions & TestOptions & ColumnLimit,
): Promise<Conditional> {
  checkColumns(sides, options.maxColumns);
  const triple = matricesOf(sides);
  const { x, y, z } = triple;
  const chain = await chainRule(ask, triple, model);
  const [plain] = (await ask([{ x, y }])) as [ModelAnswer];
  const unconditional = distributionOf(plain, model);
  const shuffleOf = (seed: number): Shuffle => ({ kind: 'neighbors', seed, z });
  const test = await conditionalTest(ask, triple, chain.statistic, shuffleOf, model, options);
  const { information_correlation: _, ...interaction } = brief(
    difference(chain.information, unconditional),
    options,
  );
  return {
    ...full(chain.information, options),
    ...test,
    unconditional: brief(unconditional, options),
    interaction_information: interaction,
    warnings: warningsFor(
      [
        { answer: chain.xWithYz, x: sides.x, y: withZ(sides.y, sides.z) },
        { answer: chain.yWithXz, x: sides.y, y: withZ(sides.x, sides.z) },
      ],
      model,
    ),
  };
}

/** z joins x and y in turn, in one side of an estimate. */
function checkColumns({ x, y, z }: Triple<NamedSide>, maxColumns: number): void {
  const together = Math.max(x.matrix.columns, y.matrix.columns) + z.matrix.columns;
  if (together <= maxColumns) return;
  throw new MistdError(
    'too_many_columns',
    `z and the wider of x and y have ${together} columns together; the limit is ${maxColumns}.`,
    { pointer: '/z' },
  );
}

export interface ChainRule {
  /** I(X; Y | Z) in nats. */
  readonly information: SampledDistribution;
  /** The median of I(X; (Y, Z)) less that of I(X; Z), in nats: for tests. */
  readonly statistic: number;
  readonly xWithYz: ModelAnswer;
  readonly yWithXz: ModelAnswer;
}

/** Conditional mutual information from the two differences of the chain rule. */
export async function chainRule(
  ask: Ask,
  { x, y, z }: Triple,
  model: ModelTraits,
): Promise<ChainRule> {
  const answers = await ask([
    { x, y: joinColumns(y, z) },
    { x: y, y: joinColumns(x, z) },
    { x, y: z },
    { x: y, y: z },
  ]);
  const [xWithYz, yWithXz, xWithZ, yWithZ] = answers as [
    ModelAnswer,
    ModelAnswer,
    ModelAnswer,
    ModelAnswer,
  ];
  const of = (answer: ModelAnswer) => distributionOf(answer, model);
  const one = difference(of(xWithYz), of(xWithZ));
  const other = difference(of(yWithXz), of(yWithZ));
  return {
    information: pooled(one, other).nonNegative(),
    statistic: medianOf(xWithYz, model) - medianOf(xWithZ, model),
    xWithYz,
    yWithXz,
  };
}

/**
 * Tests I(X; Y | Z) = 0: the statistic is I(X; (Y, Z)) − I(X; Z), its draws are those with the
 * rows of x shuffled.
 *
 * @param observed the statistic as it is, in nats.
 * @returns nothing without permutations.
 */
export async function conditionalTest(
  ask: Ask,
  { x, y, z }: Triple,
  observed: number,
  shuffleOf: (seed: number) => Shuffle,
  model: ModelTraits,
  options: TestOptions,
): Promise<Partial<PermutationTest>> {
  if (options.permutations === 0) return {};
  const yz = joinColumns(y, z);
  const seeds = childSeeds(options.seed, options.permutations);
  const draw = async (from: number, count: number) => {
    const shuffles = seeds.slice(from, from + count).map(shuffleOf);
    const questions = (side: Matrix): Question[] =>
      shuffles.map((shuffle) => ({ x, y: side, shuffle }));
    const answers = await ask([...questions(yz), ...questions(z)]);
    const median = (i: number) => medianOf(answers[i] as ModelAnswer, model);
    return shuffles.map((_, i) => median(i) - median(i + shuffles.length));
  };
  return permutationTest(observed, draw, options);
}

function withZ({ name, columns }: NamedSide, z: NamedSide): SideName {
  return { name: `${name} with z`, columns: [...columns, ...z.columns] };
}
