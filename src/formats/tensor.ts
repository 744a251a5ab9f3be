import { endianness } from 'node:os';
import { MistdError } from '../errors.js';
import type { Column, Side, Sides } from '../samples/columns.js';
import type { SampleLimits } from '../samples/samples.js';
import { checkShape } from './table.js';

export interface TensorShape {
  readonly rows: number;
  readonly dim_x: number;
  readonly dim_y: number;
  readonly dtype: 'float32' | 'float64';
}

/**
 * Reads raw numbers: x, then y, each row by row, little-endian. NaN is a missing value.
 *
 * @throws MistdError invalid_tensor when the bytes are not as many as the shape says.
 */
export function readTensor(bytes: Buffer, shape: TensorShape, limits: SampleLimits): Sides {
  const { rows, dim_x, dim_y, dtype } = shape;
  checkShape('x', rows, dim_x, limits, '/rows');
  checkShape('y', rows, dim_y, limits, '/rows');
  const size = dtype === 'float32' ? 4 : 8;
  const expected = rows * (dim_x + dim_y) * size;
  if (bytes.length !== expected) {
    throw new MistdError(
      'invalid_tensor',
      `The body has ${bytes.length} bytes; ${rows} rows of ${dim_x} + ${dim_y} ${dtype} columns take ${expected}.`,
      { pointer: '' },
    );
  }
  const numbers = littleEndianFloats(bytes, size);
  return {
    x: sideOfRows('x', numbers.subarray(0, rows * dim_x), rows, dim_x),
    y: sideOfRows('y', numbers.subarray(rows * dim_x), rows, dim_y),
  };
}

/**
 * One side of numbers that are stored row by row; its columns are called x0, x1, …
 *
 * @param numbers shape [rows][columns].
 */
export function sideOfRows(
  name: 'x' | 'y',
  numbers: ArrayLike<number>,
  rows: number,
  columns: number,
  kind: 'number' | 'boolean' = 'number',
): Side {
  const pointerOf = (row: number, column: number) => `/${name}/${row}/${column}`;
  return {
    columns: Array.from({ length: columns }, (_, c): Column => {
      const values = new Float64Array(rows);
      for (let r = 0; r < rows; r++) {
        const value = numbers[r * columns + c] as number;
        if (value === Infinity || value === -Infinity) {
          throw new MistdError('not_finite', `The sample at ${pointerOf(r, c)} is infinite.`, {
            pointer: pointerOf(r, c),
          });
        }
        values[r] = value;
      }
      return { name: `${name}${c}`, kind, values, labels: [] };
    }),
    pointerOf,
  };
}

/** A copy, aligned: a buffer may start anywhere in its memory. */
function littleEndianFloats(bytes: Buffer, size: 4 | 8): Float32Array | Float64Array {
  const copy = Buffer.from(bytes);
  if (endianness() === 'BE') size === 4 ? copy.swap32() : copy.swap64();
  const aligned = new Uint8Array(copy).buffer;
  return size === 4 ? new Float32Array(aligned) : new Float64Array(aligned);
}
