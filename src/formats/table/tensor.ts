import { endianness } from 'node:os';
import { Type } from 'typebox';
import { MistdError, pointerStep } from '../../errors.js';
import { type Column, record, type Side, type Sides } from '../../samples/columns.js';
import { compileCheck } from '../../validation.js';
import { checkShape } from './table.js';
import { binarySchema, type TableFormat, type TableSource } from './table-format.js';

const dim = Type.Integer({ minimum: 1, default: 1 });

/** The query parameters that describe the layout of raw numbers. */
export const tensorOptions = {
  rows: Type.Integer({ minimum: 1 }),
  dim_x: dim,
  dim_y: dim,
  dim_z: dim,
  dtype: Type.Enum(['float32', 'float64'], { default: 'float64' }),
};

const checkShapeOptions = compileCheck(Type.Object(tensorOptions));

/**
 * Raw numbers: one side after the other, each row by row, little-endian. NaN is a missing value.
 * The columns have no names, so this format cannot hold a table.
 */
export const rawTable: TableFormat = {
  places({ sides, apart }) {
    if (apart !== undefined) {
      throw new MistdError(
        'unsupported_media_type',
        'Raw numbers have no named columns; send this table as CSV, NDJSON, npy, npz, Parquet or JSON.',
      );
    }
    return ['rows', ...sides.map((side) => `dim_${side}`), 'dtype'];
  },
  read: readTensor,
  describe: ({ sides, apart }) =>
    apart === undefined
      ? binarySchema(
          `${sides.join(', then ')}, each row by row, little-endian. Query parameters describe the layout: ?rows=, ?dim_x=, …, ?dtype=`,
        )
      : undefined,
};

/** @throws MistdError invalid_tensor if the number of bytes does not match the shape. */
function readTensor<Name extends string>(
  bytes: Buffer,
  { layout: { sides }, place, limits }: TableSource<Name>,
): Sides<Name> {
  const { rows, dtype, ...rest } = checkShapeOptions(place);
  const given: Record<string, number> = rest;
  const dims = record(sides, (side) => given[`dim_${side}`] as number);
  for (const side of sides) checkShape(side, rows, dims[side], limits, '/rows');
  const widths = sides.map((side) => dims[side]);
  const size = dtype === 'float32' ? 4 : 8;
  const expected = rows * widths.reduce((sum, dim) => sum + dim, 0) * size;
  if (bytes.length !== expected) {
    throw new MistdError(
      'invalid_tensor',
      `The body has ${bytes.length} bytes; ${rows} rows of ${widths.join(' + ')} ${dtype} columns need ${expected}.`,
      { pointer: '' },
    );
  }
  const numbers = littleEndianFloats(bytes, size);
  let start = 0;
  const named = record(sides, (side) => {
    const own = numbers.subarray(start, start + rows * dims[side]);
    start += own.length;
    return sideOfRows(side, own, rows, dims[side]);
  });
  return { named, apart: [] };
}

/**
 * Makes one side of numbers that are stored row by row. Columns of a side x are called x0, x1, …
 *
 * @param numbers shape [rows][columns].
 */
export function sideOfRows(
  name: string,
  numbers: ArrayLike<number>,
  rows: number,
  columns: number,
  kind: 'number' | 'boolean' = 'number',
): Side {
  const pointer = pointerStep(name);
  const pointerOf = (row: number, column: number) => `${pointer}/${row}/${column}`;
  return {
    name,
    pointer,
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

/** Copies the bytes to an aligned array, because a buffer may start anywhere in its memory. */
function littleEndianFloats(bytes: Buffer, size: 4 | 8): Float32Array | Float64Array {
  const copy = Buffer.from(bytes);
  if (endianness() === 'BE') size === 4 ? copy.swap32() : copy.swap64();
  const aligned = new Uint8Array(copy).buffer;
  return size === 4 ? new Float32Array(aligned) : new Float64Array(aligned);
}
