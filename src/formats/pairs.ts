import { MistdError, pointerStep } from '../errors.js';
import { PairColumns, type Pairs } from '../preference/pairs.js';
import { CsvLines } from './csv-lines.js';
import { describe } from './describe.js';
import { isSum, type LogProb, readLogProb } from './log-probs.js';
import { readTextLines, type StreamLimits } from './text-lines.js';

export interface PairLimits extends StreamLimits {
  readonly maxPairs: number;
}

/** Pairs, and the columns beside them that say nothing here. */
export interface ReadPairs {
  readonly pairs: Pairs;
  readonly ignored: readonly string[];
}

/** TRL's names; those of its versions before 0.12 after them. */
const LOGPS = {
  chosen_logps: ['chosen_logps'],
  rejected_logps: ['rejected_logps'],
  ref_chosen_logps: ['ref_chosen_logps', 'reference_chosen_logps'],
  ref_rejected_logps: ['ref_rejected_logps', 'reference_rejected_logps'],
} as const;

type LogpField = keyof typeof LOGPS;

const COUNTS = ['chosen_tokens', 'rejected_tokens'] as const;
const KNOWN = new Set<string>(['prompt_id', ...COUNTS, 'features', ...Object.values(LOGPS).flat()]);
/** A column of a CSV body named so is a feature. */
const FEATURE = 'features.';

type Row = Record<string, unknown>;

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
    for (const row of rowsOfColumns(asRow(value, '/pairs'))) reader.add(row);
  }
  return reader.finish();
}

/** Reads pairs from NDJSON, a row a line, as they arrive. See readTextLines for further errors. */
export async function pairsFromNdjson(
  stream: AsyncIterable<Uint8Array>,
  limits: PairLimits,
): Promise<ReadPairs> {
  const reader = new PairReader(limits.maxPairs);
  await readTextLines(stream, limits, (line) => {
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (cause) {
      throw new MistdError('invalid_json', `${(cause as Error).message}.`, {
        pointer: reader.pointer,
        cause,
      });
    }
    reader.add(asRow(row, reader.pointer));
  });
  return reader.finish();
}

/**
 * Reads pairs from CSV with a header, as they arrive: cells are numbers, or JSON in the forms of
 * log-probs. See readTextLines for further errors.
 */
export async function pairsFromCsv(
  stream: AsyncIterable<Uint8Array>,
  limits: PairLimits,
): Promise<ReadPairs> {
  const reader = new PairReader(limits.maxPairs);
  const csv = new CsvLines((names) => {
    checkHeader(names);
    const row: Row = {};
    const features: Record<string, unknown> = {};
    if (names.some((name) => name.startsWith(FEATURE))) row.features = features;
    const setters = names.map((name) => {
      const feature = name.slice(FEATURE.length);
      if (name.startsWith(FEATURE)) {
        return (cell: string) => {
          features[feature] = cellValue(cell);
        };
      }
      return name === 'prompt_id' || !KNOWN.has(name)
        ? (cell: string) => {
            row[name] = cell;
          }
        : (cell: string) => {
            row[name] = cellValue(cell);
          };
    });
    return (cells) => {
      for (let c = 0; c < cells.length; c++) setters[c]?.(cells[c] as string);
      reader.add(row);
    };
  });
  await readTextLines(stream, limits, (line) => csv.line(line));
  csv.end();
  return reader.finish();
}

/** Checks rows one by one and collects them. */
class PairReader {
  readonly #columns = new PairColumns();
  readonly #maxPairs: number;
  readonly #ignored = new Set<string>();
  #last: Row | undefined;
  #features: readonly string[] | undefined;
  #prompts: boolean | undefined;

  constructor(maxPairs: number) {
    this.#maxPairs = maxPairs;
  }

  /** Of the row that comes next. */
  get pointer(): string {
    return `/pairs/${this.#columns.count}`;
  }

  add(row: Row): void {
    const { count } = this.#columns;
    if (count >= this.#maxPairs) {
      throw new MistdError(
        'too_many_pairs',
        `There are more than ${this.#maxPairs} pairs in the request.`,
        { pointer: '/pairs' },
      );
    }
    // CSV brings the same object with each row's values.
    if (row !== this.#last) {
      for (const name in row) if (!KNOWN.has(name)) this.#ignored.add(name);
      this.#last = row;
    }
    this.#addFeatures(row.features);
    if (this.#addSums(row)) return;
    const chosen = this.#logp(row, 'chosen_logps');
    const rejected = this.#logp(row, 'rejected_logps');
    const refChosen = this.#logp(row, 'ref_chosen_logps');
    const refRejected = this.#logp(row, 'ref_rejected_logps');
    this.#columns.add({
      chosen: chosen.sum,
      rejected: rejected.sum,
      refChosen: refChosen.sum,
      refRejected: refRejected.sum,
      chosenTokens: this.#tokens(row.chosen_tokens, chosen, refChosen, 'chosen'),
      rejectedTokens: this.#tokens(row.rejected_tokens, rejected, refRejected, 'rejected'),
      prompt: this.#prompt(row.prompt_id),
      floored: chosen.floored + rejected.floored + refChosen.floored + refRejected.floored,
    });
  }

  finish(): ReadPairs {
    if (this.#columns.count === 0) {
      throw new MistdError('empty_samples', 'There are no pairs.', { pointer: '/pairs' });
    }
    return { pairs: this.#columns.finish(), ignored: [...this.#ignored] };
  }

  /** The way of most rows, which are many: four sums and no more. Says nothing of what is wrong. */
  #addSums(row: Row): boolean {
    const { chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps } = row;
    if (row.chosen_tokens !== undefined || row.rejected_tokens !== undefined) return false;
    if (!isSum(chosen_logps) || !isSum(rejected_logps)) return false;
    if (!isSum(ref_chosen_logps) || !isSum(ref_rejected_logps)) return false;
    this.#columns.add({
      chosen: chosen_logps,
      rejected: rejected_logps,
      refChosen: ref_chosen_logps,
      refRejected: ref_rejected_logps,
      chosenTokens: undefined,
      rejectedTokens: undefined,
      prompt: this.#prompt(row.prompt_id),
      floored: 0,
    });
    return true;
  }

  #logp(row: Row, field: LogpField): LogProb {
    const name = LOGPS[field].find((alias) => row[alias] !== undefined) ?? field;
    return readLogProb(row[name], `${this.pointer}/${name}`);
  }

  /** The count given and those of token lists must agree. */
  #tokens(
    given: unknown,
    policy: LogProb,
    reference: LogProb,
    side: 'chosen' | 'rejected',
  ): number | undefined {
    const field = `${side}_tokens`;
    return agreedTokens(given, policy, reference, {
      field: `${this.pointer}/${field}`,
      lists: `${this.pointer}/${side}_logps`,
    });
  }

  #prompt(id: unknown): string | undefined {
    const given = id !== undefined;
    this.#prompts ??= given;
    if (given !== this.#prompts) {
      throw new MistdError('missing_field', 'Give prompt_id in every pair or in none.', {
        pointer: this.pointer,
      });
    }
    if (typeof id === 'string' || !given) return id as string | undefined;
    if (typeof id === 'number') return String(id);
    throw new MistdError('invalid_type', `prompt_id is ${describe(id)}.`, {
      pointer: `${this.pointer}/prompt_id`,
    });
  }

  #addFeatures(value: unknown): void {
    if (value === undefined && (this.#features?.length ?? 0) === 0) {
      this.#features ??= [];
      return;
    }
    const { pointer } = this;
    const features = value === undefined ? {} : asRow(value, `${pointer}/features`);
    this.#features ??= Object.keys(features);
    const names = this.#features;
    for (const name of names) {
      const place = `${pointer}/features${pointerStep(name)}`;
      const feature = Object.hasOwn(features, name) ? features[name] : undefined;
      if (feature === undefined) {
        throw new MistdError('missing_field', `${place} is missing; the first pair has it.`, {
          pointer,
        });
      }
      if (typeof feature !== 'number' || !Number.isFinite(feature)) {
        const what = typeof feature === 'number' ? 'not finite' : describe(feature);
        throw new MistdError('not_a_number', `${place} is ${what}.`, { pointer: place });
      }
      this.#columns.addFeature(name, feature);
    }
    for (const name in features) {
      if (!names.includes(name)) {
        const place = `${pointer}/features${pointerStep(name)}`;
        throw new MistdError('unknown_field', `${place} is not a feature of the first pair.`, {
          pointer: place,
        });
      }
    }
  }
}

/**
 * How many tokens a completion has: the count given and the lengths of the lists of both models.
 *
 * @param at pointers of the count and of a list, for errors.
 */
export function agreedTokens(
  given: unknown,
  policy: LogProb,
  reference: LogProb,
  at: { field: string; lists: string },
): number | undefined {
  if (given !== undefined && !(Number.isInteger(given) && (given as number) > 0)) {
    throw new MistdError('out_of_range', `${at.field} is not a positive whole number.`, {
      pointer: at.field,
    });
  }
  const listed = policy.tokens ?? reference.tokens;
  if (policy.tokens !== undefined && (reference.tokens ?? listed) !== listed) {
    throw new MistdError(
      'token_counts_differ',
      `${at.lists} has ${policy.tokens} completion tokens under the policy and ${reference.tokens} under the reference.`,
      { pointer: at.lists },
    );
  }
  if (given !== undefined && listed !== undefined && given !== listed) {
    throw new MistdError(
      'token_counts_differ',
      `${at.field} is ${given}, but the log-probs are of ${listed} tokens.`,
      { pointer: at.field },
    );
  }
  return (given as number | undefined) ?? listed;
}

function asRow(value: unknown, pointer: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new MistdError('invalid_type', `${pointer} is ${describe(value)}, not an object.`, {
    pointer,
  });
}

/** The rows of an object of columns, as a data set gives them. */
function* rowsOfColumns(columns: Row): Iterable<Row> {
  const { features, ...lists } = columns;
  const names = Object.keys(lists);
  const rows = (Object.values(lists)[0] as unknown[] | undefined)?.length ?? 0;
  const check = (list: unknown, pointer: string) => {
    if (Array.isArray(list) && list.length === rows) return list;
    throw Array.isArray(list)
      ? new MistdError(
          'unequal_rows',
          `${pointer} has ${list.length} rows; the first column has ${rows}.`,
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

function checkHeader(names: readonly string[]): void {
  for (const aliases of Object.values(LOGPS)) {
    if (!aliases.some((alias) => names.includes(alias))) {
      throw new MistdError(
        'missing_field',
        `The header has no column ${aliases[0]}; it has ${names.join(', ')}.`,
        { pointer: `/pairs/0/${aliases[0]}` },
      );
    }
  }
  const twice = names.find((name, c) => names.indexOf(name) !== c);
  if (twice !== undefined) {
    throw new MistdError('invalid_csv', `The header has two columns ${JSON.stringify(twice)}.`);
  }
}

/** An empty cell is a missing value, text that is no number stays text. */
function cellValue(cell: string): unknown {
  const value = Number(cell);
  if (value < 0 || value > 0) return value;
  if (value === 0 && cell.trim() !== '') return value;
  const text = cell.trim();
  if (text === '') return undefined;
  if (text === '-inf' || text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text.startsWith('[') || text.startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new MistdError('invalid_json', `A cell is not JSON: ${(cause as Error).message}.`, {
        cause,
      });
    }
  }
  return text;
}
