import { entropyOfSide } from '../discrete/answer.js';
import { rankColumns } from '../encoding/encode.js';
import { MistdError } from '../errors.js';
import { columnOf, joinColumns, type Matrix } from '../maths/matrix.js';
import { childSeeds } from '../maths/random.js';
import { completeRows, matricesOf, type NamedSide } from '../samples/samples.js';
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

/** The maximum number of columns per side of an estimate. */
export interface ColumnLimit {
  readonly maxColumns: number;
}

/** Three sides with the same rows. */
export type Triple<T = Matrix> = Readonly<Record<'x' | 'y' | 'z', T>>;

export interface Conditional extends FullEstimate, Partial<PermutationTest> {
  /** I(X; Y), without the condition. */
  readonly unconditional: BriefEstimate;
  /** I(X; Y | Z) − I(X; Y), whose information correlation would have no meaning. */
  readonly interaction_information: Omit<BriefEstimate, 'information_correlation'>;
  readonly warnings: EstimateWarning[];
}

/**
 * Conditional mutual information I(X; Y | Z) with its interval, and a test of whether it is 0.
 *
 * The chain rule gives it in two ways: I(X; (Y, Z)) − I(X; Z) and I(Y; (X, Z)) − I(Y; Z). Each is a
 * difference of two estimates whose errors are treated as independent. Both estimates use the same
 * samples, so their errors are positively correlated and each difference is more certain than
 * stated. The result is an equal mixture of the two differences. It therefore does not depend on
 * which side is called x, and it is wider if the model contradicts itself. Negative values count as
 * 0.
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

/** Checks that z fits into one side of an estimate together with x and together with y. */
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
  /** The median of I(X; (Y, Z)) minus that of I(X; Z), in nats: the statistic of tests. */
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
    information: pooled(one, other).nonNegative().cappedBy(entropyBounds(x, y)),
    statistic: medianOf(xWithYz, model) - medianOf(xWithZ, model),
    xWithYz,
    yWithXz,
  };
}

/** I(X; Y | Z) is at most the entropy of x and that of y. */
function entropyBounds(...sides: Matrix[]): ((tau: number) => number)[] {
  return sides.flatMap((side) => {
    const complete = completeRows(side);
    const ranks = rankColumns(complete);
    const entropy = entropyOfSide({
      columns: ranks.map((_, c) => columnOf(complete, c)),
      distinct: ranks.map(({ distinct }) => distinct),
      nominal: side.nominal ?? false,
    });
    return entropy === undefined ? [] : [entropy.at];
  });
}

/**
 * Tests I(X; Y | Z) = 0. The statistic is I(X; (Y, Z)) − I(X; Z); draws from its null distribution
 * have the rows of x shuffled.
 *
 * @param observed the statistic of the samples, in nats.
 * @returns an empty object if `permutations` is 0.
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
