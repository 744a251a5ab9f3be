import { Type } from 'typebox';
import { MistdError, pointerStep } from '../../errors.js';
import { counted, describe } from '../text/describe.js';
import { streamLines } from '../text/line-stream.js';
import { parseJsonLine } from '../text/text-lines.js';
import type { PairFormat, PairLimits } from './pair-format.js';
import { PairReader, type ReadPairs } from './pair-reader.js';
import { asRow, type Row } from './row.js';

/**
 * Reads the `pairs` of a JSON body: an array of rows, or an object of columns of equal length.
 *
 * @throws MistdError with the JSON pointer of the fault.
 */
export function pairsFromJson(value: unknown, maxPairs: number): ReadPairs {
  const reader = new PairReader(maxPairs);
  if (Array.isArray(value)) {
    value.forEach((row: unknown, i) => {
      reader.add(asRow(row, `/pairs/${i}`));
    });
  } else {
    if (value === undefined) {
      throw new MistdError('missing_field', 'pairs is missing.', { pointer: '/pairs' });
    }
    if (typeof value !== 'object' || value === null) {
      throw new MistdError(
        'invalid_type',
        `pairs is ${describe(value)}, neither an array of pairs nor an object of columns.`,
        { pointer: '/pairs' },
      );
    }
    for (const row of rowsOfColumns(value as Row)) reader.add(row);
  }
  return reader.finish();
}

/** Pairs as NDJSON: one pair per line. */
export const ndjsonPairs: PairFormat = {
  read: pairsFromNdjson,
  describe: (pairs) =>
    Type.String({
      description: 'One pair per line. Options are query parameters',
      examples: [pairs.map((pair) => JSON.stringify(pair)).join('\n')],
    }),
};

/** @throws MistdError as `streamLines`, and for an invalid pair. */
async function pairsFromNdjson(
  stream: AsyncIterable<Uint8Array>,
  limits: PairLimits,
): Promise<ReadPairs> {
  const reader = new PairReader(limits.maxPairs);
  await streamLines(stream, limits, (bytes, start, end) => {
    const text = bytes.toString('utf8', start, end);
    if (text.trim() === '') return;
    reader.add(asRow(parseJsonLine(text, reader.pointer), reader.pointer));
  });
  return reader.finish();
}

/** Yields the rows of an object of columns, the form in which data sets store them. */
function* rowsOfColumns(columns: Row): Iterable<Row> {
  const { features, ...lists } = columns;
  const names = Object.keys(lists);
  const rows = (Object.values(lists)[0] as unknown[] | undefined)?.length ?? 0;
  const check = (list: unknown, pointer: string) => {
    if (Array.isArray(list) && list.length === rows) return list;
    throw Array.isArray(list)
      ? new MistdError(
          'unequal_rows',
          `${pointer} has ${counted(list.length, 'row')}; the first column has ${rows}.`,
          { pointer },
        )
      : new MistdError('invalid_type', `${pointer} is ${describe(list)}, not an array.`, {
          pointer,
        });
  };
  for (const name of names) check(lists[name], `/pairs${pointerStep(name)}`);
  const featureLists = features === undefined ? undefined : asRow(features, '/pairs/features');
  for (const name in featureLists) {
    check(featureLists[name], `/pairs/features${pointerStep(name)}`);
  }
  const at = (source: Row, i: number) =>
    Object.fromEntries(Object.keys(source).map((name) => [name, (source[name] as unknown[])[i]]));
  for (let i = 0; i < rows; i++) {
    yield featureLists === undefined
      ? at(lists, i)
      : { ...at(lists, i), features: at(featureLists, i) };
  }
}
