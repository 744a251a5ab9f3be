import type { ProblemEstimate } from '../inference/estimate-task.js';
import type { Manifest } from '../inference/manifest.js';
import { childSeeds } from '../random.js';
import type { Problem } from '../samples/problem.js';
import type { Matrix, NamedSide } from '../samples/samples.js';
import { type Estimator, medianOf } from './estimate.js';
import { qValues } from './false-discovery.js';
import { NullDistribution } from './null-distribution.js';
import type { SideName, WarningCase } from './warnings.js';

/** Draws of a null distribution: by default more where all pairs share one. */
const SHARED_DRAWS = 1000;
const OWN_DRAWS = 200;

export interface Pair {
  readonly x: NamedSide;
  readonly y: NamedSide;
}

export interface PairEstimate extends Pair {
  readonly result: ProblemEstimate;
  /** Of independence, and adjusted for the number of pairs; undefined without permutations. */
  readonly p?: number;
  readonly q?: number;
}

export interface PairTests {
  /** Draws of each null distribution; 0 for no tests. */
  readonly permutations: number | undefined;
  readonly seed: number;
}

/**
 * Estimates many pairs of sides of the same rows and tests each for independence.
 *
 * The scores of a column without ties are always the same numbers in another order. So, whatever
 * the data, the estimate of two independent columns has one distribution for a number of rows:
 * one set of draws serves all pairs of single columns. Where a column has ties, the pair is
 * tested, not reported, by the estimate with equal values ordered at random, which has that very
 * distribution under independence. A side of several columns, which depend on each other, needs a
 * null distribution of its own pair: the rows of x in random order.
 */
export async function estimatePairs(
  estimate: Estimator,
  pairs: readonly Pair[],
  manifest: Manifest,
  { permutations, seed }: PairTests,
): Promise<PairEstimate[]> {
  const single = pairs.filter(isSingle);
  const own = pairs.filter((pair) => !isSingle(pair));
  const draws = permutations ?? (own.length === 0 ? SHARED_DRAWS : OWN_DRAWS);
  const [sharedSeed = 0, ownSeed = 0, tieSeed = 0] = childSeeds(seed, 3);
  const problemsOf = ({ x, y }: Pair): Problem => ({ x: x.matrix, y: y.matrix });
  const ramp = rampOf(pairs[0]?.x.matrix.rows ?? 0);
  const shared = shuffles({ x: ramp, y: ramp }, sharedSeed, single.length === 0 ? 0 : draws);
  const ownSeeds = childSeeds(ownSeed, own.length);
  const owned = own.flatMap((pair, i) => shuffles(problemsOf(pair), ownSeeds[i] as number, draws));

  const problems = [...pairs.map(problemsOf), ...shared, ...owned];
  const answers = await estimate(problems);
  const results = answers.slice(0, pairs.length);
  if (draws === 0) return pairs.map((pair, i) => ({ ...pair, result: at(results, i) }));

  const statistics = answers.slice(pairs.length).map((answer) => medianOf(answer, manifest));
  const nulls = new Map<Pair, NullDistribution>();
  if (shared.length > 0) {
    const common = new NullDistribution(statistics.slice(0, draws));
    for (const pair of single) nulls.set(pair, common);
  }
  own.forEach((pair, i) => {
    const from = shared.length + i * draws;
    nulls.set(pair, new NullDistribution(statistics.slice(from, from + draws)));
  });
  const untied = await withoutTies(estimate, pairs, results, tieSeed);
  const p = pairs.map((pair, i) => {
    const null_ = nulls.get(pair) as NullDistribution;
    return isEmpty(at(results, i)) ? 1 : null_.pValue(medianOf(at(untied, i), manifest));
  });
  const q = qValues(p);
  return pairs.map((pair, i) => ({
    ...pair,
    result: at(results, i),
    p: at(p, i),
    q: at(q, i),
  }));
}

/** The pairs for the warnings on them. */
export function warningCases(pairs: readonly PairEstimate[]): WarningCase[] {
  return pairs.map(({ x, y, result }) => ({ estimate: result, x: sideName(x), y: sideName(y) }));
}

/** A side of one column goes by its name; several are numbered. */
export function sideName({ name, matrix }: NamedSide): SideName {
  const columns = Array.from({ length: matrix.columns }, (_, c) =>
    matrix.columns === 1 ? name : `${name} column ${c}`,
  );
  return { side: name, columns };
}

/** The results with those of single columns that have ties made anew, ties broken at random. */
async function withoutTies(
  estimate: Estimator,
  pairs: readonly Pair[],
  results: readonly ProblemEstimate[],
  seed: number,
): Promise<ProblemEstimate[]> {
  const sides = [...new Set(pairs.flatMap(({ x, y }) => [x.matrix, y.matrix]))];
  const seeds = childSeeds(seed, sides.length);
  const seedOf = (side: Matrix) => seeds[sides.indexOf(side)] as number;
  const tied = pairs.flatMap((pair, i) => (isSingle(pair) && hasTies(at(results, i)) ? [i] : []));
  const again = await estimate(
    tied.map((i) => {
      const { x, y } = at(pairs, i);
      const breakTies = { x: seedOf(x.matrix), y: seedOf(y.matrix) };
      return { x: x.matrix, y: y.matrix, breakTies };
    }),
  );
  const untied = [...results];
  tied.forEach((i, place) => {
    untied[i] = at(again, place);
  });
  return untied;
}

/** The same problem with the rows of x in `count` random orders. */
function shuffles(problem: Problem, seed: number, count: number): Problem[] {
  return childSeeds(seed, count).map((drawSeed) => ({
    ...problem,
    shuffle: { kind: 'rows', seed: drawSeed },
  }));
}

function isSingle({ x, y }: Pair): boolean {
  return x.matrix.columns === 1 && y.matrix.columns === 1;
}

function hasTies({ facts }: ProblemEstimate): boolean {
  return [...facts.x, ...facts.y].some(({ distinct }) => distinct < facts.rows);
}

/** Whether a side never changes. */
function isEmpty({ facts: { x, y } }: ProblemEstimate): boolean {
  return [x, y].some((side) => side.every(({ use }) => use === 'constant'));
}

/** A column without ties: each is this one in another order, to the model. */
function rampOf(rows: number): Matrix {
  return { rows, columns: 1, values: Float64Array.from({ length: rows }, (_, r) => r) };
}

function at<T>(values: readonly T[], i: number): T {
  return values[i] as T;
}
