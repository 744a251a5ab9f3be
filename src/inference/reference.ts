/** Input and output of models of kind `mist-reference`, the published MIST network. */
import type { Scores } from '../encoding/encode.js';
import { MistdError } from '../errors.js';
import type { Matrix } from '../maths/matrix.js';
import type { Samples } from '../samples/samples.js';
import type { Manifest } from './manifest.js';

/**
 * Largest value allowed: sums of squares of larger ones overflow single precision in the network.
 */
const LARGEST = 1e15;

/**
 * Rejects samples for which the network would silently drop columns or overflow.
 *
 * @throws MistdError too_many_columns or out_of_range.
 */
export function checkReferenceSamples(manifest: Manifest, { x, y }: Samples): void {
  const width = manifest.columns as number;
  const columns = x.columns + y.columns;
  if (columns > width) {
    throw new MistdError(
      'too_many_columns',
      `x and y have ${columns} columns together; model ${manifest.id} reads at most ${width}.`,
      { pointer: '' },
    );
  }
  for (const [name, { values }] of Object.entries({ x, y })) {
    if (values.some((value) => Math.abs(value) > LARGEST)) {
      throw new MistdError(
        'out_of_range',
        `${name} has a value beyond ±${LARGEST}, which model ${manifest.id} cannot read because it does not rescale values.`,
        { pointer: `/${name}` },
      );
    }
  }
}

/** The values of a side, unchanged but for single precision. */
export function plainValues({ rows, columns, values }: Matrix): Scores {
  return { rows, columns, values: Float32Array.from(values) };
}

/**
 * Joins x and y and pads each row with zeros to the network's width: [x, y, 0 …].
 *
 * @param batch samples of one shape.
 * @returns shape [batch, rows, width].
 */
export function paddedRows(
  width: number,
  batch: readonly { readonly x: Scores; readonly y: Scores }[],
): Float32Array {
  const rows = batch[0]?.x.rows ?? 0;
  const source = new Float32Array(batch.length * rows * width);
  batch.forEach(({ x, y }, b) => {
    let first = b * rows * width;
    for (const { columns, values } of [x, y]) {
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
 * Converts outputs of the network to quantiles. The network evaluates each tau separately, so the
 * quantiles may cross, which sorting corrects (Chernozhukov, Fernández-Val & Galichon 2010), or be
 * negative, which is set to 0. The single output of a point model is used for every quantile.
 */
export function referenceKnots(outputs: Float32Array, taus: number): Float64Array {
  const values = outputs.length === 1 ? new Float64Array(taus).fill(outputs[0] as number) : outputs;
  return Float64Array.from(values, (value) => Math.max(0, value)).sort();
}
