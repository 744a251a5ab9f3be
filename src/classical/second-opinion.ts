import { encodeColumns, rankColumns, type Scores } from '../encoding/encode.js';
import type { Matrix } from '../maths/matrix.js';
import type { Samples } from '../samples/samples.js';
import { randomRows, takeBoth } from './bootstrap.js';
import type { ClassicalMethod } from './classical.js';
import { ksg } from './ksg.js';
import { plugin } from './plugin.js';

/** A cheap second opinion. */
export interface SecondOpinion {
  readonly method: ClassicalMethod;
  /** In nats. */
  readonly nats: number;
  readonly standardError: number;
  /** Rows it was made of: a random subset of many. */
  readonly rows: number;
  /** Whether the method reads low on such data even where it is sure of itself. */
  readonly lowerBound: boolean;
}

/** More rows would take longer than the model does. */
const CHECKED_ROWS = 2000;
const K = 3;
/** In more columns than this, neighbors are far apart and KSG reads low. */
const FEW_COLUMNS = 4;
/** Above this many nats KSG reads low at these rows. */
const MUCH = 2;
/** A column whose share of tied pairs of rows is larger has no neighbors to speak of. */
const TIED_PAIRS = 0.05;
/** Standard errors that chance may take an estimate away, and nats that the method may be off. */
const ERRORS = 3;
const SLACK = 0.05;

/** The rows that a check looks at, as a copy. */
export function secondOpinionRows(samples: Samples, seed: number): Samples {
  return takeBoth(samples, randomRows(samples.x.rows, CHECKED_ROWS, seed));
}

/**
 * Estimates by a method that suits the data: KSG of the normal scores, or the Miller–Madow
 * plug-in where a column takes few values.
 */
export function secondOpinion(samples: Samples): SecondOpinion {
  const { rows } = samples.x;
  const ranks = { x: rankColumns(samples.x), y: rankColumns(samples.y) };
  const tied = [...ranks.x, ...ranks.y].some(({ tiedPairs }) => tiedPairs > TIED_PAIRS);
  if (tied || rows <= K) {
    const { corrected, standardError, discrete } = plugin(samples);
    return { method: 'miller_madow', nats: corrected, standardError, rows, lowerBound: !discrete };
  }
  const x = encodeColumns(ranks.x, rows);
  const y = encodeColumns(ranks.y, rows);
  const { nats, standardError } = ksg({ x: matrixOf(x), y: matrixOf(y) }, { k: K, variant: 1 });
  const lowerBound = x.columns + y.columns > FEW_COLUMNS || nats > MUCH;
  return { method: 'ksg1', nats, standardError, rows, lowerBound };
}

/**
 * Whether a check and an interval have room for the same truth.
 *
 * @param interval in nats.
 */
export function agrees(
  { nats, standardError, lowerBound }: SecondOpinion,
  interval: { readonly lower: number; readonly upper: number },
): boolean {
  const room = ERRORS * standardError + SLACK;
  return nats - room <= interval.upper && (lowerBound || nats + room >= interval.lower);
}

function matrixOf({ rows, columns, values }: Scores): Matrix {
  return { rows, columns, values: Float64Array.from(values) };
}
