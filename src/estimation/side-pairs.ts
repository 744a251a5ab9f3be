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

/** Default number of draws if one null distribution serves all pairs… */
const DRAWS_OF_ONE = 1000;
/** …and per null distribution if there are several. */
const DRAWS_OF_SEVERAL = 200;

/** Two sides whose mutual information is estimated. */
export interface SidePair {
  readonly x: NamedSide;
  readonly y: NamedSide;
}

export interface TestedPair extends SidePair {
  readonly answer: ModelAnswer;
  /** p-value of the test of independence; undefined without permutations. */
  readonly p?: number;
  /** q-value: `p` adjusted for the number of pairs. */
  readonly q?: number;
}

export interface PairTestOptions {
  /** Draws per null distribution; 0 for no tests. */
  readonly permutations: number | undefined;
  readonly seed: number;
}

/**
 * Estimates many pairs of sides with the same rows and tests each for independence.
 *
 * The scores of a column without ties are always the same numbers in another order. For a given
 * number of rows, the estimate of two independent columns therefore has one distribution, whatever
 * the data. One set of draws serves all pairs of single columns, and another serves all pairs of a
 * single column with the same side of several columns. If a single column has ties, the test uses
 * an estimate with equal values in random order, which has exactly that distribution under
 * independence; the reported estimate keeps the ties. Two sides of several columns need a null
 * distribution of their own.
 *
 * A pair with missing values has fewer rows. Its null distribution is that of single columns with
 * up to 5 % fewer rows still, where estimates are slightly larger, so that few sets of draws serve
 * all pairs. If one side has several columns, the pair has a null distribution of its own.
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
    const distribution = new NullDistribution(statistics.slice(i * draws, (i + 1) * draws));
    for (const pair of tested) distributions.set(pair, distribution);
  });
  const untied = await withoutTies(ask, pairs, results, tieSeed);
  const p = pairs.map((pair, i) => {
    const distribution = distributions.get(pair) as NullDistribution;
    return isEmpty(at(results, i)) ? 1 : distribution.pValue(medianOf(at(untied, i), model));
  });
  const q = qValues(p);
  return pairs.map((pair, i) => ({ ...pair, answer: at(results, i), p: at(p, i), q: at(q, i) }));
}

interface Null {
  /** The question whose rows of x are shuffled. */
  readonly question: Question;
  readonly pairs: SidePair[];
}

/** The null distributions that the pairs need, each with the pairs it serves. */
function nullsOf(pairs: readonly SidePair[]): Null[] {
  const rowsOf = rowCounter();
  const nulls = new Map<Matrix | SidePair | number, Null>();
  for (const pair of pairs) {
    const [x, y] = [pair.x.matrix, pair.y.matrix];
    const rows = rowsOf(pair);
    const several = [x, y].filter(({ columns }) => columns > 1);
    const [other] = several;
    const needsOwn = several.length === 2 || (other !== undefined && rows < x.rows);
    const length = rows === x.rows ? rows : slightlyFewer(rows);
    const key = needsOwn ? pair : (other ?? length);
    const found = nulls.get(key);
    if (found !== undefined) found.pairs.push(pair);
    else {
      const ramp = rampOf(length);
      const own = { x, y, breakTies: { x: seedOfOne(x), y: seedOfOne(y) } };
      nulls.set(key, { question: needsOwn ? own : { x: ramp, y: other ?? ramp }, pairs: [pair] });
    }
  }
  return [...nulls.values()];
}

/**
 * Seed to break the ties of a single column, which is tested without ties; the order is arbitrary.
 */
function seedOfOne({ columns }: Matrix): number | undefined {
  return columns === 1 ? 0 : undefined;
}

/** @returns a function that counts the rows that are complete in both sides of a pair. */
function rowCounter(): (pair: SidePair) => number {
  const known = new Map<Matrix, Uint8Array | undefined>();
  const missing = (matrix: Matrix) => {
    if (!known.has(matrix)) known.set(matrix, missingRows(matrix));
    return known.get(matrix);
  };
  return ({ x, y }) => {
    const complete = rowsInCommon(x.matrix.rows, missing(x.matrix), missing(y.matrix));
    if (complete >= MIN_ROWS) return complete;
    throw tooFewCompleteRows(complete, `${x.name} and ${y.name}`);
  };
}

/** @returns the error for columns that have too few rows without a missing value in common. */
export function tooFewCompleteRows(rows: number, columns: string): MistdError {
  return new MistdError(
    'too_few_rows',
    `Rows without a missing value in ${columns}: ${rows}; at least ${MIN_ROWS} are needed.`,
    { pointer: '' },
  );
}

/** Rounds down by at most 5 %, to one of a small set of numbers. */
function slightlyFewer(rows: number): number {
  const step = Math.log(1.05);
  return Math.max(MIN_ROWS, Math.ceil(Math.exp(Math.floor(Math.log(rows) / step) * step) - 1e-9));
}

/** Tested pairs as cases for `warningsFor`. */
export function warningCases(pairs: readonly TestedPair[]): WarningCase[] {
  return pairs.map(({ x, y, answer }) => ({ answer, x, y }));
}

/** The answers, with new ones for single columns that have ties, which are broken at random. */
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

/** Whether all columns of a side are constant. */
function isEmpty({ facts: { x, y } }: ModelAnswer): boolean {
  return [x, y].some((side) => side.every(({ use }) => use === 'constant'));
}

/** A column without ties; to the model, every such column is this one in another order. */
function rampOf(rows: number): Matrix {
  return { rows, columns: 1, values: Float64Array.from({ length: rows }, (_, r) => r) };
}

function at<T>(values: readonly T[], i: number): T {
  return values[i] as T;
}
