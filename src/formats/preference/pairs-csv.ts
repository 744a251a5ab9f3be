import { Type } from 'typebox';
import { MistdError } from '../../errors.js';
import { CsvLines } from '../text/csv-lines.js';
import { streamLines } from '../text/line-stream.js';
import { PlainCells } from '../text/plain-cells.js';
import type { PairFormat, PairLimits } from './pair-format.js';
import {
  COUNTS,
  KNOWN,
  LOGPS,
  type LogpField,
  type PairPlaces,
  PairReader,
  type ReadPairs,
} from './pair-reader.js';
import type { Row } from './row.js';

/** The names of feature columns start with this. */
const FEATURE = 'features.';

/** Pairs as CSV with a header. Each cell is a number, or a log-probability in a form of JSON. */
export const csvPairs: PairFormat = {
  read: pairsFromCsv,
  describe(pairs) {
    const rows = pairs.map(({ features, ...pair }) => ({
      ...pair,
      ...Object.fromEntries(
        Object.entries(features ?? {}).map(([name, value]) => [`${FEATURE}${name}`, value]),
      ),
    }));
    const cells = [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
    return Type.String({
      description:
        'A header line, then one pair per line. Columns named features.<name> are features. Options are query parameters',
      examples: [cells.map((row) => row.join(',')).join('\n')],
    });
  },
};

/** @throws MistdError as `streamLines`, and for an invalid pair. */
async function pairsFromCsv(
  stream: AsyncIterable<Uint8Array>,
  limits: PairLimits,
): Promise<ReadPairs> {
  const reader = new PairReader(limits.maxPairs);
  /** Reads plain lines from bytes to numbers; all other lines are read as strings. */
  let plain: { cells: PlainCells; places: PairPlaces } | undefined;
  const csv = new CsvLines((names) => {
    checkHeader(names);
    for (const name of names) {
      if (!KNOWN.has(name) && !name.startsWith(FEATURE)) reader.ignore(name);
    }
    const places = placesOf(names);
    if (places !== undefined) {
      plain = { cells: new PlainCells(names.map((name) => isNumber(name))), places };
    }
    return (cells) => reader.add(rowOf(names, cells));
  });
  await streamLines(stream, limits, (bytes, start, end) => {
    if (
      plain !== undefined &&
      !csv.open &&
      plain.cells.read(bytes, start, end) &&
      reader.addPlain(plain.cells, bytes, plain.places)
    ) {
      return;
    }
    csv.line(bytes.toString('utf8', start, end));
  });
  csv.end();
  return reader.finish();
}

function isNumber(name: string): boolean {
  return name.startsWith(FEATURE) || (KNOWN.has(name) && name !== 'prompt_id');
}

/** The positions of the columns; undefined unless all are numbers and each appears once. */
function placesOf(names: readonly string[]): PairPlaces | undefined {
  const place = (field: LogpField) => {
    const aliases: readonly string[] = LOGPS[field];
    const found = names.flatMap((name, c) => (aliases.includes(name) ? [c] : []));
    return found.length === 1 ? found[0] : undefined;
  };
  const [chosen, rejected] = [place('chosen_logps'), place('rejected_logps')];
  const [refChosen, refRejected] = [place('ref_chosen_logps'), place('ref_rejected_logps')];
  const [chosenTokens, rejectedTokens] = COUNTS.map((name) => names.indexOf(name)) as [
    number,
    number,
  ];
  if (chosen === undefined || rejected === undefined) return undefined;
  if (refChosen === undefined || refRejected === undefined) return undefined;
  if (chosenTokens < 0 !== rejectedTokens < 0 || names.includes('features')) return undefined;
  const prompt = names.indexOf('prompt_id');
  return {
    chosen,
    rejected,
    refChosen,
    refRejected,
    tokens: chosenTokens < 0 ? undefined : { chosen: chosenTokens, rejected: rejectedTokens },
    features: new Map(
      names.flatMap((name, c) =>
        name.startsWith(FEATURE) ? [[name.slice(FEATURE.length), c] as const] : [],
      ),
    ),
    prompt: prompt < 0 ? undefined : prompt,
  };
}

function rowOf(names: readonly string[], cells: readonly string[]): Row {
  const row: [name: string, value: unknown][] = [];
  const features: [name: string, value: unknown][] = [];
  names.forEach((name, c) => {
    const cell = cells[c] as string;
    if (name.startsWith(FEATURE)) features.push([name.slice(FEATURE.length), cellValue(cell)]);
    else if (name === 'prompt_id') row.push([name, cell === '' ? undefined : cell]);
    else if (KNOWN.has(name)) row.push([name, cellValue(cell)]);
  });
  if (features.length > 0) row.push(['features', Object.fromEntries(features)]);
  return Object.fromEntries(row);
}

function checkHeader(names: readonly string[]): void {
  for (const aliases of Object.values(LOGPS)) {
    if (!aliases.some((alias) => names.includes(alias))) {
      throw new MistdError(
        'missing_field',
        `The header has no column ${aliases[0]}; its columns are ${names.join(', ')}.`,
        { pointer: `/pairs/0/${aliases[0]}` },
      );
    }
  }
  const repeated = names.find((name, c) => names.indexOf(name) !== c);
  if (repeated !== undefined) {
    throw new MistdError('invalid_csv', `The column ${JSON.stringify(repeated)} appears twice.`);
  }
}

/** The value of a cell: undefined if it is empty, and a string if it is neither number nor JSON. */
function cellValue(cell: string): unknown {
  const value = Number(cell);
  if (value < 0 || value > 0) return value;
  if (value === 0 && cell.trim() !== '') return value;
  const text = cell.trim();
  if (text === '') return undefined;
  if (text.startsWith('[') || text.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new MistdError(
        'invalid_json',
        `A cell is not valid JSON: ${(cause as Error).message}.`,
        {
          cause,
        },
      );
    }
  }
  return text;
}
