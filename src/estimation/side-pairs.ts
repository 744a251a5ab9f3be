import { MistdError } from '../errors.js';
import type { Matrix } from '../maths/matrix.js';
import { childSeeds } from '../maths/random.js';
import { MIN_ROWS, missingRows, type NamedSide, rowsInCommon } from '../samples/samples.js';
import { medianOf } from './estimate.js';
import { qValues } from './false-discovery.js';
import type { ModelTraits } from './model.js';
import { NullDistribution } from './null-distribution.js';
import type { Ask, ModelAnswer, Question } from './question.js';
import type { WarningCase } from './warnings.js';

/** Draws of a null distribution: more where one serves all pairs. */
const DRAWS_OF_ONE = 1000;
const DRAWS_OF_SEVERAL = 200;

export interface SidePair {
  readonly x: NamedSide;
  readonly y: NamedSide;
}

export interface TestedPair extends SidePair {
  readonly answer: ModelAnswer;
  /** Of independence, and adjusted for the number of pairs; undefined without permutations. */
  readonly p?: number;
  readonly q?: number;
}

export interface PairTestOptions {
  /** Draws of each null distribution; 0 for no tests. */
  readonly permutations: number | undefined;
  readonly seed: number;
}

/**
 * Estimates many pairs of sides of the same rows and tests each for independence.
 *
 * The scores of a column without ties are always the same numbers in another order. So, whatever
 * the data, the estimate of two independent columns has one distribution for a number of rows:
 * one set of draws serves all pairs of single columns, and another all pairs of a single column
 * with the same side of several. Where a single column has ties, the pair is tested, not
 * reported, by the estimate with equal values ordered at random, which has that very distribution
 * under independence. Two sides of several columns need one of their own.
 *
 * A pair that misses values is about fewer rows: its null distribution is that of single columns of
 * at most 5 % fewer still, where estimates are a little larger, so that few sets of draws serve
 * all; with a side of several columns it is its own.
 */
export async function estimatePairs(
  ask: Ask,
  pairs: readonly SidePair[],
  model: ModelTraits,
  { permutations, seed }: PairTestOptions,
): Promise<TestedPair[]> {
  const nulls = nullsOf(pairs);
  const draws = permutations ?? (nulls.length === 1 ? DRAWS_OF_ONE : DRAWS_OF_SEVERAL);
  const [nullSeed = 0, tieSeed = 0] = childSeeds(seed, 2);
  const seeds = childSeeds(nullSeed, nulls.length);
  const answers = await ask([
    ...pairs.map(({ x, y }) => ({ x: x.matrix, y: y.matrix })),
    ...nulls.flatMap(({ question }, i) => shuffles(question, at(seeds, i), draws)),
  ]);
  const results = answers.slice(0, pairs.length);
  if (draws === 0) return pairs.map((pair, i) => ({ ...pair, answer: at(results, i) }));

  const statistics = answers.slice(pairs.length).map((answer) => medianOf(answer, model));
  const distributions = new Map<SidePair, NullDistribution>();
  nulls.forEach(({ pairs: tested }, i) => {
    const null_ = new NullDistribution(statistics.slice(i * draws, (i + 1) * draws));
    for (const pair of tested) distributions.set(pair, null_);
  });
  const untied = await withoutTies(ask, pairs, results, tieSeed);
  const p = pairs.map((pair, i) => {
    const null_ = distributions.get(pair) as NullDistribution;
    return isEmpty(at(results, i)) ? 1 : null_.pValue(medianOf(at(untied, i), model));
  });
  const q = qValues(p);
  return pairs.map((pair, i) => ({ ...pair, answer: at(results, i), p: at(p, i), q: at(q, i) }));
}

interface Null {
  /** To shuffle. */
  readonly question: Question;
  readonly pairs: SidePair[];
}

/** The null distributions that the pairs need, each with the pairs that it serves. */
function nullsOf(pairs: readonly SidePair[]): Null[] {
  const rowsOf = rowCounter();
  const nulls = new Map<Matrix | SidePair | number, Null>();
  for (const pair of pairs) {
    const [x, y] = [pair.x.matrix, pair.y.matrix];
    const rows = rowsOf(pair);
    const several = [x, y].filter(({ columns }) => columns > 1);
    const [other] = several;
    const alone = several.length === 2 || (other !== undefined && rows < x.rows);
    const length = rows === x.rows ? rows : slightlyFewer(rows);
    const key = alone ? pair : (other ?? length);
    const found = nulls.get(key);
    if (found !== undefined) found.pairs.push(pair);
    else {
      const ramp = rampOf(length);
      const own = { x, y, breakTies: { x: seedOfOne(x), y: seedOfOne(y) } };
      nulls.set(key, { question: alone ? own : { x: ramp, y: other ?? ramp }, pairs: [pair] });
    }
  }
  return [...nulls.values()];
}

/** A single column is shuffled without ties, as it is tested; in whatever order. */
function seedOfOne({ columns }: Matrix): number | undefined {
  return columns === 1 ? 0 : undefined;
}

/** @returns what counts the rows that both sides of a pair have in full. */
function rowCounter(): (pair: SidePair) => number {
  const known = new Map<Matrix, Uint8Array | undefined>();
  const missing = (matrix: Matrix) => {
    if (!known.has(matrix)) known.set(matrix, missingRows(matrix));
    return known.get(matrix);
  };
  return ({ x, y }) => {
    const complete = rowsInCommon(x.matrix.rows, missing(x.matrix), missing(y.matrix));
    if (complete >= MIN_ROWS) return complete;
    throw new MistdError(
      'too_few_rows',
      `${x.name} and ${y.name} have ${complete} rows that miss neither.`,
      { pointer: '' },
    );
  };
}

/** At most 5 % fewer rows, one of few numbers. */
function slightlyFewer(rows: number): number {
  const step = Math.log(1.05);
  return Math.max(MIN_ROWS, Math.ceil(Math.exp(Math.floor(Math.log(rows) / step) * step) - 1e-9));
}

/** The pairs for the warnings on them. */
export function warningCases(pairs: readonly TestedPair[]): WarningCase[] {
  return pairs.map(({ x, y, answer }) => ({ answer, x, y }));
}

/** The results with those of single columns that have ties made anew, ties broken at random. */
async function withoutTies(
  ask: Ask,
  pairs: readonly SidePair[],
  results: readonly ModelAnswer[],
  seed: number,
): Promise<ModelAnswer[]> {
  const sides = [...new Set(pairs.flatMap(({ x, y }) => [x.matrix, y.matrix]))];
  const seeds = childSeeds(seed, sides.length);
  const seedsOf = new Map(sides.map((side, i) => [side, at(seeds, i)]));
  const tied = pairs.flatMap((pair, i) => (hasTies(pair, at(results, i)) ? [i] : []));
  const again = await ask(
    tied.map((i) => {
      const [x, y] = [at(pairs, i).x.matrix, at(pairs, i).y.matrix];
      const seedOf = (side: Matrix) => (side.columns === 1 ? seedsOf.get(side) : undefined);
      return { x, y, breakTies: { x: seedOf(x), y: seedOf(y) } };
    }),
  );
  const untied = [...results];
  tied.forEach((i, place) => {
    untied[i] = at(again, place);
  });
  return untied;
}

/** The same question with the rows of x in `count` random orders. */
function shuffles(question: Question, seed: number, count: number): Question[] {
  return childSeeds(seed, count).map((drawSeed) => ({
    ...question,
    shuffle: { kind: 'rows', seed: drawSeed },
  }));
}

/** Whether a side of one column has ties. */
function hasTies({ x, y }: SidePair, { facts }: ModelAnswer): boolean {
  const single = [
    { side: x.matrix, columns: facts.x },
    { side: y.matrix, columns: facts.y },
  ].filter(({ side }) => side.columns === 1);
  return single.some(({ columns }) => columns.some(({ distinct }) => distinct < facts.rows));
}

/** Whether a side never changes. */
function isEmpty({ facts: { x, y } }: ModelAnswer): boolean {
  return [x, y].some((side) => side.every(({ use }) => use === 'constant'));
}

/** A column without ties: to the model, each is this one in another order. */
function rampOf(rows: number): Matrix {
  return { rows, columns: 1, values: Float64Array.from({ length: rows }, (_, r) => r) };
}

function at<T>(values: readonly T[], i: number): T {
  return values[i] as T;
}
