/** Kind `mist-reference`: the published MIST network, with its own way to read samples. */
import type { Scores } from '../encoding/encode.js';
import { MistdError } from '../errors.js';
import type { Matrix } from '../maths/matrix.js';
import type { Samples } from '../samples/samples.js';
import type { Manifest } from './manifest.js';

/** Squares of larger values, summed in the network, overflow single precision. */
const LARGEST = 1e15;

/**
 * Refuses what the network cannot read, which it would cut off or drown in without a word.
 *
 * @throws MistdError too_many_columns or out_of_range.
 */
export function checkReferenceSamples(manifest: Manifest, { x, y }: Samples): void {
  const width = manifest.columns as number;
  const columns = x.columns + y.columns;
  if (columns > width) {
    throw new MistdError(
      'too_many_columns',
      `x and y have ${columns} columns in all; model ${manifest.id} reads ${width}.`,
      { pointer: '' },
    );
  }
  for (const [name, { values }] of Object.entries({ x, y })) {
    if (values.some((value) => Math.abs(value) > LARGEST)) {
      throw new MistdError(
        'out_of_range',
        `${name} has a value beyond ±${LARGEST}, and model ${manifest.id} reads values as they are.`,
        { pointer: `/${name}` },
      );
    }
  }
}

/** The values of a side as they are, in single precision. */
export function plainValues({ rows, columns, values }: Matrix): Scores {
  return { rows, columns, values: Float32Array.from(values) };
}

/**
 * Rows [x, y, 0 …] of the network's width.
 *
 * @param batch pairs of one shape.
 * @returns shape [batch, rows, width].
 */
export function paddedRows(
  width: number,
  batch: readonly { readonly x: Scores; readonly y: Scores }[],
): Float32Array {
  const rows = batch[0]?.x.rows ?? 0;
  const source = new Float32Array(batch.length * rows * width);
  batch.forEach((pair, b) => {
    let first = b * rows * width;
    for (const { columns, values } of [pair.x, pair.y]) {
      for (let c = 0; c < columns; c++) {
        for (let r = 0; r < rows; r++) {
          source[first + r * width + c] = values[c * rows + r] as number;
        }
      }
      first += columns;
    }
  });
  return source;
}

/**
 * Answers of the network as quantiles: each tau was asked by itself, so they may cross, which
 * sorting mends (Chernozhukov, Fernández-Val & Galichon 2010), or be negative, which mutual
 * information is not. The one value of a point model stands for every quantile.
 */
export function referenceKnots(answers: Float32Array, taus: number): Float64Array {
  const values = answers.length === 1 ? new Float64Array(taus).fill(answers[0] as number) : answers;
  return Float64Array.from(values, (value) => Math.max(0, value)).sort();
}
