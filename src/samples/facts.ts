import {
  type ColumnUse,
  columnUses,
  encodeColumns,
  rankColumns,
  type Scores,
} from '../encoding/encode.js';
import type { ColumnRanks } from '../encoding/normal-scores.js';
import { Hash64 } from '../maths/hash.js';
import { leastUnexplainedShare } from './determined.js';
import { type JoinedSide, unjoined } from './dummies.js';
import type { Samples } from './samples.js';

type Sources = JoinedSide['sources'];

/** Columns with a larger share of tied row pairs are not treated as continuous. */
const FEW_TIES = 0.005;

/** Properties of the samples that affect how far an estimate can be trusted. */
export interface SampleFacts {
  readonly rows: number;
  readonly x: readonly ColumnFacts[];
  readonly y: readonly ColumnFacts[];
  /** Number of rows that repeat an earlier row in all columns of x and y. */
  readonly repeatedRows: number;
  /** Pairs of equal rows, divided by the number expected from the ties within x and within y. */
  readonly repeatExcess: number;
  /**
   * Largest |correlation| of the normal scores of an x column and a y column; 0 if a side has none.
   */
  readonly largestCorrelation: number;
  /**
   * Smallest share of a continuous column's variance that the other side does not explain; or 1.
   */
  readonly leastUnexplainedShare: number;
}

export interface ColumnFacts {
  /** `joined` is a dummy column other than the first of its group. */
  readonly use: ColumnUse | 'joined';
  /** For a dummy column: the index of the first column of its group, which may be this column. */
  readonly dummyOf?: number;
  /** Number of distinct values. */
  readonly distinct: number;
  /** Share of row pairs with equal values, in [0, 1]. */
  readonly tiedPairs: number;
}

/**
 * Computes the facts from ranks and scores.
 *
 * @param ranks ranks of every column of each side.
 * @param scores normal scores of the columns in use.
 * @param sources the sent columns that each column was made from.
 */
export function sampleFacts(
  ranks: { x: readonly ColumnRanks[]; y: readonly ColumnRanks[] },
  scores: { x: Scores; y: Scores },
  sources: { x: Sources; y: Sources },
): SampleFacts {
  return {
    rows: scores.x.rows,
    x: columnFacts(ranks.x, sources.x),
    y: columnFacts(ranks.y, sources.y),
    ...repeats(ranks.x, ranks.y),
    largestCorrelation: largestCorrelation(scores.x, scores.y),
    leastUnexplainedShare: Math.min(
      leastUnexplainedShare(scores.x, scores.y, continuous(ranks.y)),
      leastUnexplainedShare(scores.y, scores.x, continuous(ranks.x)),
    ),
  };
}

/** The facts of samples that have not been ranked yet. */
export function factsOf(samples: Samples): SampleFacts {
  const ranks = { x: rankColumns(samples.x), y: rankColumns(samples.y) };
  const { rows } = samples.x;
  return sampleFacts(
    ranks,
    { x: encodeColumns(ranks.x, rows), y: encodeColumns(ranks.y, rows) },
    { x: unjoined(samples.x).sources, y: unjoined(samples.y).sources },
  );
}

/** Indices, among the columns in use, of the columns with few ties. */
function continuous(columns: readonly ColumnRanks[]): number[] {
  const uses = columnUses(columns);
  return columns
    .filter((_, c) => uses[c] === 'used')
    .flatMap(({ tiedPairs }, place) => (tiedPairs < FEW_TIES ? [place] : []));
}

/** The facts of each sent column. */
function columnFacts(columns: readonly ColumnRanks[], sources: Sources): ColumnFacts[] {
  const uses = columnUses(columns);
  const facts: ColumnFacts[] = [];
  columns.forEach(({ distinct, tiedPairs }, c) => {
    const sent = sources[c] as readonly number[];
    const [first = 0, ...others] = sent;
    const dummyOf = others.length > 0 ? { dummyOf: first } : {};
    for (const column of sent) {
      const use = column === first ? (uses[c] as ColumnUse) : 'joined';
      facts[column] = { use, distinct, tiedPairs, ...dummyOf };
    }
  });
  return facts;
}

/**
 * Coarse columns repeat rows by chance: if x and y were independent, the expected share of equal
 * row pairs would be the product of the shares within x and within y. Copied rows exceed it by far.
 */
function repeats(
  x: readonly ColumnRanks[],
  y: readonly ColumnRanks[],
): Pick<SampleFacts, 'repeatedRows' | 'repeatExcess'> {
  const both = rowTies([...x, ...y]);
  const expected = rowTies(x).tiedPairs * rowTies(y).tiedPairs;
  return {
    repeatedRows: both.repeated,
    repeatExcess: both.repeated === 0 ? 0 : both.tiedPairs / expected,
  };
}

/**
 * The number of rows equal to an earlier row, and the share of row pairs that are equal. Rows are
 * compared by a 52-bit hash of their ranks: among 100,000 rows, two different rows have the same
 * hash in about one of a million data sets.
 */
function rowTies(columns: readonly ColumnRanks[]): { repeated: number; tiedPairs: number } {
  const rows = columns[0]?.doubled.length ?? 0;
  // A column without ties makes every row distinct.
  if (columns.some((column) => column.distinct === rows)) return { repeated: 0, tiedPairs: 0 };
  const hash = new Hash64();
  const counts = new Map<number, number>();
  let tiedPairs = 0;
  for (let r = 0; r < rows; r++) {
    hash.reset();
    for (const { doubled } of columns) hash.add(doubled[r] as number);
    const key = (hash.high >>> 0) * 0x100000 + (hash.low >>> 12);
    const seen = counts.get(key) ?? 0;
    tiedPairs += seen;
    counts.set(key, seen + 1);
  }
  return { repeated: rows - counts.size, tiedPairs: tiedPairs / ((rows * (rows - 1)) / 2) };
}

function largestCorrelation(x: Scores, y: Scores): number {
  const normY = Array.from({ length: y.columns }, (_, c) => Math.sqrt(dot(y, c, y, c)));
  let largest = 0;
  for (let a = 0; a < x.columns; a++) {
    const normX = Math.sqrt(dot(x, a, x, a));
    for (let b = 0; b < y.columns; b++) {
      const r = Math.abs(dot(x, a, y, b)) / (normX * (normY[b] as number));
      largest = Math.max(largest, Math.min(1, r));
    }
  }
  return largest;
}

function dot(a: Scores, columnA: number, b: Scores, columnB: number): number {
  let sum = 0;
  const startA = columnA * a.rows;
  const startB = columnB * b.rows;
  for (let r = 0; r < a.rows; r++) {
    sum += (a.values[startA + r] as number) * (b.values[startB + r] as number);
  }
  return sum;
}
