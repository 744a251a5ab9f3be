import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { MistdError, pointerStep } from '../../errors.js';
import { record, rowsOf, type Side, type Sides } from '../../samples/columns.js';
import { choiceFields } from './layout.js';
import { readNpy } from './npy.js';
import {
  checkApart,
  checkSameRows,
  checkShape,
  chosenNames,
  namesInUse,
  standingApart,
} from './table.js';
import {
  binarySchema,
  choiceOf,
  choiceText,
  type TableFormat,
  type TableSource,
} from './table-format.js';
import { sideOfRows } from './tensor.js';

/** An npz file (numpy.savez, compressed or not), whose arrays have one or several columns. */
export const npzTable: TableFormat = {
  places: choiceFields,
  read: readNpz,
  describe: (layout) =>
    binarySchema(
      layout.apart === undefined
        ? `A file of numpy.savez with the arrays ${layout.sides.join(', ')}. Query parameters choose other arrays: ${choiceText(layout)}`
        : `A file of numpy.savez. Query parameters choose the arrays: ${choiceText(layout)}`,
    ),
};

/** @throws MistdError invalid_npy, missing_field, body_too_large, or the errors of an array. */
async function readNpz<Name extends string>(
  bytes: Buffer,
  source: TableSource<Name>,
): Promise<Sides<Name>> {
  const { layout, limits } = source;
  const choice = choiceOf(source);
  const archive = await openArchive(bytes);
  const known = [...archive.entries.keys()];
  for (const side of layout.sides) {
    if (choice[side] !== undefined || known.includes(side)) continue;
    throw new MistdError('missing_field', `The file has no array ${side}.`, {
      pointer: `/${side}`,
    });
  }
  const names = chosenNames(known, layout, choice);
  const files = await unpack(archive, namesInUse(names), limits.maxBytes);
  const arrayOf = (name: string): Side => {
    const array = readNpy(files.get(name) as Buffer, `${name}.npy`);
    const [rows = 0, columns = 1] = array.shape;
    checkShape(name, rows, columns, limits, pointerStep(name));
    return sideOfRows(name, array.numbers, rows, columns, array.boolean ? 'boolean' : 'number');
  };
  const sides = {
    named: record(layout.sides, (side) => joined(side, names.named[side].map(arrayOf))),
    apart: names.apart.map((name) => standingApart(arrayOf(name))),
  };
  for (const side of layout.sides) {
    const { columns, pointer } = sides.named[side];
    checkShape(side, rowsOf(sides.named[side]), columns.length, limits, pointer);
  }
  if (layout.apart !== undefined) {
    checkApart(sides.apart.length, layout.apart.least, limits, `/${layout.apart.name}`);
  }
  checkSameRows(sides);
  return sides;
}

/** Joins the columns of several arrays, which must have the same number of rows. */
function joined(name: string, arrays: readonly Side[]): Side {
  const [first] = arrays;
  if (first !== undefined && arrays.length === 1) return { ...first, name };
  checkSameRows({ named: {}, apart: arrays });
  const places = arrays.flatMap(({ columns, pointerOf }) =>
    columns.map((_, c) => ({ c, pointerOf })),
  );
  return {
    name,
    columns: arrays.flatMap(({ columns }) => columns),
    pointer: `/${name}`,
    pointerOf: (row, column) => {
      const { c, pointerOf } = places[column] as (typeof places)[number];
      return pointerOf(row, c);
    },
  };
}

interface Archive {
  readonly zip: ZipFile;
  /** The arrays by their names, without the ending ".npy" that they have in the archive. */
  readonly entries: ReadonlyMap<string, Entry>;
}

async function openArchive(bytes: Buffer): Promise<Archive> {
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, autoClose: false });
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      const name = /^(.+)\.npy$/.exec(entry.fileName)?.[1];
      if (name !== undefined) entries.set(name, entry);
    }
    return { zip, entries };
  } catch (error) {
    throw notAnArchive(error);
  }
}

async function unpack(
  { zip, entries }: Archive,
  names: readonly string[],
  maxBytes: number,
): Promise<Map<string, Buffer>> {
  const used = names.map((name) => [name, entries.get(name) as Entry] as const);
  if (used.reduce((sum, [, entry]) => sum + entry.uncompressedSize, 0) > maxBytes) {
    throw new MistdError(
      'body_too_large',
      `Unpacked, the arrays take more than ${maxBytes} bytes.`,
    );
  }
  const files = new Map<string, Buffer>();
  try {
    for (const [name, entry] of used) files.set(name, await unpackFile(zip, entry));
  } catch (error) {
    throw notAnArchive(error);
  }
  return files;
}

function notAnArchive(error: unknown): MistdError {
  return new MistdError('invalid_npy', `The body is not an npz file: ${messageOf(error)}.`, {
    pointer: '',
    cause: error,
  });
}

/** Unpacks a file. yauzl checks that its length matches its entry, but not its checksum. */
async function unpackFile(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const bytes = await buffer(await zip.openReadStreamPromise(entry));
  if (crc32(bytes) === entry.crc32) return bytes;
  throw new Error(`the checksum of ${entry.fileName} does not match`);
}

/** The message of an error without a full stop at the end; some messages of yauzl have one. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
