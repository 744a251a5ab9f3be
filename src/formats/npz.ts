import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { MistdError } from '../errors.js';
import type { Column, Side, Sides } from '../samples/columns.js';
import type { SampleLimits } from '../samples/samples.js';
import { type NpyArray, readNpy } from './npy.js';
import { type Choice, checkShape, chosenNames, sidesOf } from './table.js';
import { sideOfRows } from './tensor.js';

/**
 * Reads an npz file (numpy.savez, compressed or not): its arrays `x` and `y`.
 *
 * @param maxBytes that both arrays may take once unpacked.
 * @throws MistdError invalid_npy, missing_field, body_too_large and those of arrays.
 */
export async function readNpz(
  bytes: Buffer,
  limits: SampleLimits,
  maxBytes: number,
): Promise<Sides> {
  const files = await unpack(bytes, maxBytes);
  const side = (name: 'x' | 'y'): Side => {
    const file = files.get(`${name}.npy`);
    if (file === undefined) {
      throw new MistdError('missing_field', `The file has no array ${name}.`, {
        pointer: `/${name}`,
      });
    }
    return sideOf(name, readNpy(file, `${name}.npy`), limits);
  };
  const sides = { x: side('x'), y: side('y') };
  const [rowsX, rowsY] = [sides.x, sides.y].map(({ columns }) => columns[0]?.values.length);
  if (rowsX !== rowsY) {
    throw new MistdError('unequal_rows', `x has ${rowsX} rows and y has ${rowsY}.`, {
      pointer: '/y',
    });
  }
  return sides;
}

/** Reads an npy file: a table whose columns are called 0, 1, … */
export function readNpyTable(bytes: Buffer, choice: Choice, limits: SampleLimits): Sides {
  const array = readNpy(bytes, 'The body');
  const [rows = 0, width = 1] = array.shape;
  const names = chosenNames(
    Array.from({ length: width }, (_, c) => String(c)),
    choice,
  );
  checkShape('x', rows, names.x.length, limits);
  checkShape('y', rows, names.y.length, limits);
  const side = sideOfRows('x', array.numbers, rows, width, array.boolean ? 'boolean' : 'number');
  return sidesOf((name) => ({ ...(side.columns[Number(name)] as Column), name }), names);
}

function sideOf(name: 'x' | 'y', array: NpyArray, limits: SampleLimits): Side {
  const [rows = 0, columns = 1] = array.shape;
  checkShape(name, rows, columns, limits, `/${name}`);
  return sideOfRows(name, array.numbers, rows, columns, array.boolean ? 'boolean' : 'number');
}

/** The files x.npy and y.npy of a zip archive. */
async function unpack(bytes: Buffer, maxBytes: number): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let left = maxBytes;
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true });
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== 'x.npy' && entry.fileName !== 'y.npy') continue;
      left -= entry.uncompressedSize;
      if (left < 0) {
        throw new MistdError(
          'body_too_large',
          `Unpacked, the arrays take more than ${maxBytes} bytes.`,
        );
      }
      files.set(entry.fileName, await unpackFile(zip, entry));
    }
  } catch (error) {
    if (error instanceof MistdError) throw error;
    throw new MistdError('invalid_npy', `The body is not an npz file: ${messageOf(error)}.`, {
      pointer: '',
      cause: error,
    });
  }
  return files;
}

/** The archive's reader stops a file that is longer than its entry says; sums it does not check. */
async function unpackFile(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const bytes = await buffer(await zip.openReadStreamPromise(entry));
  if (crc32(bytes) === entry.crc32) return bytes;
  throw new Error(`${entry.fileName} is damaged, its checksum does not match`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
