import { MistdError, pointerStep } from '../../errors.js';
import { PairColumns, type Pairs } from '../../preference/pairs.js';
import { describe } from '../text/describe.js';
import type { PlainCells } from '../text/plain-cells.js';
import { isSum, type LogProb, readLogProb } from './log-probs.js';

/** Pairs, and the columns beside them that say nothing here. */
export interface ReadPairs {
  readonly pairs: Pairs;
  readonly ignored: readonly string[];
}

/** TRL's names; those of its versions before 0.12 after them. */
export const LOGPS = {
  chosen_logps: ['chosen_logps'],
  rejected_logps: ['rejected_logps'],
  ref_chosen_logps: ['ref_chosen_logps', 'reference_chosen_logps'],
  ref_rejected_logps: ['ref_rejected_logps', 'reference_rejected_logps'],
} as const;

export type LogpField = keyof typeof LOGPS;

export const COUNTS = ['chosen_tokens', 'rejected_tokens'] as const;
export const KNOWN = new Set<string>([
  'prompt_id',
  ...COUNTS,
  'features',
  ...Object.values(LOGPS).flat(),
]);
/** What a 32-bit integer holds: no completion is so long. */
const MOST_TOKENS = 2 ** 31 - 1;

/** In which columns of a table pairs are. */
export interface PairPlaces {
  readonly chosen: number;
  readonly rejected: number;
  readonly refChosen: number;
  readonly refRejected: number;
  readonly tokens: { readonly chosen: number; readonly rejected: number } | undefined;
  /** By their names. */
  readonly features: ReadonlyMap<string, number>;
  readonly prompt: number | undefined;
}

export type Row = Record<string, unknown>;

/** Checks rows one by one and collects them. */
export class PairReader {
  readonly #columns = new PairColumns();
  readonly #maxPairs: number;
  readonly #ignored = new Set<string>();
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
    this.#checkCount();
    for (const name in row) if (!KNOWN.has(name)) this.#ignored.add(name);
    this.#addFeatures(row.features);
    if (this.#addSums(row)) return;
    this.#addPrompt(row.prompt_id);
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
      floored: chosen.floored + rejected.floored + refChosen.floored + refRejected.floored,
    });
  }

  /**
   * Adds a pair of numbers alone, without a row.
   *
   * @returns false, and adds nothing, if there is something to be said about it: `add` does.
   */
  addPlain(cells: PlainCells, bytes: Buffer, places: PairPlaces): boolean {
    const { numbers, starts, ends } = cells;
    const at = (place: number) => numbers[place] as number;
    const { chosen, rejected, refChosen, refRejected, tokens, features, prompt } = places;
    if (!isSum(at(chosen)) || !isSum(at(rejected))) return false;
    if (!isSum(at(refChosen)) || !isSum(at(refRejected))) return false;
    if (prompt !== undefined && (starts[prompt] === ends[prompt] || this.#prompts === false)) {
      return false;
    }
    if (tokens !== undefined && !(isCount(at(tokens.chosen)) && isCount(at(tokens.rejected)))) {
      return false;
    }
    for (const place of features.values()) if (!Number.isFinite(at(place))) return false;
    this.#checkCount();
    for (const [name, place] of features) this.#columns.addFeature(name, at(place));
    if (prompt !== undefined) {
      this.#prompts = true;
      this.#columns.addPrompt(bytes, starts[prompt] as number, ends[prompt] as number);
    }
    this.#columns.add({
      chosen: at(chosen),
      rejected: at(rejected),
      refChosen: at(refChosen),
      refRejected: at(refRejected),
      chosenTokens: tokens && at(tokens.chosen),
      rejectedTokens: tokens && at(tokens.rejected),
      floored: 0,
    });
    return true;
  }

  /** Names a column that is not read. */
  ignore(name: string): void {
    this.#ignored.add(name);
  }

  finish(): ReadPairs {
    if (this.#columns.count === 0) {
      throw new MistdError('empty_samples', 'There are no pairs.', { pointer: '/pairs' });
    }
    return { pairs: this.#columns.finish(), ignored: [...this.#ignored] };
  }

  #checkCount(): void {
    if (this.#columns.count < this.#maxPairs) return;
    throw new MistdError(
      'too_many_pairs',
      `There are more than ${this.#maxPairs} pairs in the request.`,
      { pointer: '/pairs' },
    );
  }

  /** The way of most rows, which are many: four sums and no more. Says nothing of what is wrong. */
  #addSums(row: Row): boolean {
    const { chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps } = row;
    if (row.chosen_tokens !== undefined || row.rejected_tokens !== undefined) return false;
    if (!isSum(chosen_logps) || !isSum(rejected_logps)) return false;
    if (!isSum(ref_chosen_logps) || !isSum(ref_rejected_logps)) return false;
    this.#addPrompt(row.prompt_id);
    this.#columns.add({
      chosen: chosen_logps,
      rejected: rejected_logps,
      refChosen: ref_chosen_logps,
      refRejected: ref_rejected_logps,
      chosenTokens: undefined,
      rejectedTokens: undefined,
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

  #addPrompt(id: unknown): void {
    const given = id !== undefined;
    this.#prompts ??= given;
    if (given !== this.#prompts) {
      throw new MistdError('missing_field', 'Give prompt_id in every pair or in none.', {
        pointer: this.pointer,
      });
    }
    if (!given) return;
    if (typeof id !== 'string' && typeof id !== 'number') {
      throw new MistdError('invalid_type', `prompt_id is ${describe(id)}.`, {
        pointer: `${this.pointer}/prompt_id`,
      });
    }
    this.#columns.addPrompt(id);
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
  if (given !== undefined && !isCount(given)) {
    throw new MistdError(
      'out_of_range',
      `${at.field} is not a whole number from 1 to ${MOST_TOKENS}.`,
      {
        pointer: at.field,
      },
    );
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
  return given ?? listed;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MOST_TOKENS;
}

export function asRow(value: unknown, pointer: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new MistdError('invalid_type', `${pointer} is ${describe(value)}, not an object.`, {
    pointer,
  });
}
