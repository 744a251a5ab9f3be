import { encodeColumns, rankColumns, type Scores } from '../encoding/encode.js';
import type { Matrix } from '../maths/matrix.js';
import type { Samples } from '../samples/samples.js';
import { randomRows, takeBoth } from './bootstrap.js';
import type { ClassicalMethod } from './classical.js';
import { ksg } from './ksg.js';
import { plugin } from './plugin.js';

/** A fast classical estimate to compare the model's estimate with. */
export interface SecondOpinion {
  readonly method: ClassicalMethod;
  /** In nats. */
  readonly nats: number;
  readonly standardError: number;
  /** Number of rows used; a random subset if there are many. */
  readonly rows: number;
  /** Whether the method underestimates on such data, even with a small standard error. */
  readonly lowerBound: boolean;
}

/** Maximum number of rows; more would take longer than the model. */
const MOST_ROWS = 2000;
const K = 3;
/** With more columns than this, neighbors are far apart and KSG underestimates. */
const FEW_COLUMNS = 4;
/** Above this many nats, KSG underestimates with this many rows. */
const MUCH = 2;
/** If a column has a larger share of tied row pairs, its nearest neighbors mean little. */
const TIED_PAIRS = 0.05;
/** Allowed random error of the method, in standard errors. */
const ERRORS = 3;
/** Allowed bias of the method, in nats. */
const SLACK = 0.05;

/** A copy of the rows that a second opinion uses. */
export function secondOpinionRows(samples: Samples, seed: number): Samples {
  return takeBoth(samples, randomRows(samples.x.rows, MOST_ROWS, seed));
}

/**
 * Estimates by a method that suits the data: KSG on the normal scores, or the Miller–Madow
 * plug-in if a column has few distinct values.
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
 * Whether a second opinion is consistent with an interval.
 *
 * @param interval interval of the model, in nats.
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
