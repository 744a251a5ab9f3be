import type { NamedSide } from '../samples/samples.js';
import type { EstimateWarning } from '../warnings.js';
import { type BriefOptions, brief, distributionOf } from './estimate.js';
import type { ModelTraits } from './model.js';
import type { Ask } from './question.js';
import {
  estimatePairs,
  type PairTestOptions,
  type SidePair,
  type TestedPair,
  warningCases,
} from './side-pairs.js';
import { rowsDroppedPairwise, warningsFor } from './warnings.js';

/** A symmetric matrix, [side][side], with null on the diagonal. */
export type SquareMatrix = (number | null)[][];

export interface Pairwise {
  readonly names: string[];
  readonly estimate: SquareMatrix;
  readonly lower: SquareMatrix;
  readonly upper: SquareMatrix;
  readonly information_correlation: SquareMatrix;
  /** Absent without permutations, like the q-values. */
  readonly p_value?: SquareMatrix;
  readonly q_value?: SquareMatrix;
  /** Number of rows used for each pair; absent if every pair uses all rows. */
  readonly rows?: SquareMatrix;
  readonly warnings: EstimateWarning[];
}

/**
 * Mutual information of every pair of sides. The diagonal is left out, because the mutual
 * information of a continuous column with itself is infinite.
 *
 * @param sides at least two, with the same rows and distinct names. A pair with missing values is
 *   estimated from the rows that are complete in both sides.
 */
export async function pairwise(
  ask: Ask,
  sides: readonly NamedSide[],
  model: ModelTraits,
  options: BriefOptions & PairTestOptions,
): Promise<Pairwise> {
  const pairs: SidePair[] = sides.flatMap((x, i) => sides.slice(i + 1).map((y) => ({ x, y })));
  const results = await estimatePairs(ask, pairs, model, options);
  const briefs = results.map(({ answer }) => brief(distributionOf(answer, model), options));
  const matrix = (of: (pair: number) => number): SquareMatrix => squareOf(sides.length, of);
  const resultOf = (field: 'p' | 'q') => (pair: number) =>
    (results[pair] as TestedPair)[field] as number;
  const tested = results[0]?.p !== undefined;
  const rows = results.map(({ answer }) => answer.facts.rows);
  const all = sides[0]?.matrix.rows ?? 0;
  return {
    names: sides.map(({ name }) => name),
    estimate: matrix((pair) => briefs[pair]?.estimate as number),
    lower: matrix((pair) => briefs[pair]?.interval.lower as number),
    upper: matrix((pair) => briefs[pair]?.interval.upper as number),
    information_correlation: matrix((pair) => briefs[pair]?.information_correlation as number),
    ...(tested ? { p_value: matrix(resultOf('p')), q_value: matrix(resultOf('q')) } : {}),
    ...(rows.every((n) => n === all) ? {} : { rows: matrix((pair) => rows[pair] as number) }),
    warnings: [...warningsFor(warningCases(results), model), ...rowsDroppedPairwise(all, rows)],
  };
}

/** @param of gives the value of a pair by its index among the pairs above the diagonal, by row. */
function squareOf(size: number, of: (pair: number) => number): SquareMatrix {
  const square = Array.from({ length: size }, () => new Array<number | null>(size).fill(null));
  let pair = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const value = of(pair++);
      (square[i] as (number | null)[])[j] = value;
      (square[j] as (number | null)[])[i] = value;
    }
  }
  return square;
}
