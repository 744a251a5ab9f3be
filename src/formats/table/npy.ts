import { MistdError } from '../../errors.js';
import { quote } from '../text/describe.js';

/** An array of a NumPy file. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly boolean: boolean;
  /** Values in C order, whatever the order in the file. */
  readonly numbers: Float64Array;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** The reader of each supported dtype, by its letter and size. */
const READERS: Record<string, (view: DataView, at: number, little: boolean) => number> = {
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  b1: (view, at) => view.getUint8(at),
};

/**
 * Reads an array in the NPY format, versions 1 to 3 (numpy.lib.format): real numbers in one or two
 * dimensions.
 *
 * @param what names the array in an error, such as "x.npy".
 * @throws MistdError invalid_npy or unsupported_dtype.
 */
export function readNpy(bytes: Uint8Array, what: string): NpyArray {
  const { dtype, fortran, shape, data } = readHeader(bytes, what);
  const [rows = 0, columns = 1] = shape;
  const reader = READERS[dtype.slice(1)];
  if (reader === undefined || !/^[<>|=]/.test(dtype)) {
    throw new MistdError(
      'unsupported_dtype',
      `${what} has dtype ${quote(dtype)}; only real numbers and booleans are supported.`,
      { pointer: '' },
    );
  }
  const size = Number(dtype.slice(2));
  if (data.length !== rows * columns * size) {
    throw new MistdError(
      'invalid_npy',
      `${what} has ${data.length} bytes of data; its shape (${shape.join(', ')}) needs ${rows * columns * size}.`,
      { pointer: '' },
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const little = dtype[0] !== '>';
  const numbers = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = fortran ? c * rows + r : r * columns + c;
      numbers[r * columns + c] = reader(view, at * size, little);
    }
  }
  return { shape, boolean: dtype.endsWith('b1'), numbers };
}

interface Header {
  readonly dtype: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

function readHeader(bytes: Uint8Array, what: string): Header {
  const wrong = (why: string) =>
    new MistdError('invalid_npy', `${what} is not a NumPy array: ${why}.`, { pointer: '' });
  if (bytes.length < 12 || !MAGIC.equals(bytes.subarray(0, 6))) {
    throw wrong('it does not start with the magic bytes of the NPY format');
  }
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw wrong(`version ${version} is not supported`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) throw wrong('it ends within its header');
  const text = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
  const dtype = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d, ]*)\)/.exec(text)?.[1];
  if (dtype === undefined && text.includes("'descr'")) {
    throw new MistdError('unsupported_dtype', `The elements of ${what} are records.`, {
      pointer: '',
    });
  }
  if (dtype === undefined || fortran === undefined || shape === undefined) {
    throw wrong('its header lacks descr, fortran_order or shape');
  }
  const sizes = shape
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (sizes.length < 1 || sizes.length > 2)
    throw wrong(`it has ${sizes.length} dimensions instead of 1 or 2`);
  return { dtype, fortran: fortran === 'True', shape: sizes, data: bytes.subarray(start + length) };
}
