import { MistdError, pointerStep } from '../../errors.js';
import { PairColumns, type Pairs } from '../../preference/pairs.js';
import { counted, describe } from '../text/describe.js';
import type { PlainCells } from '../text/plain-cells.js';
import { isSum, type LogProb, readLogProb } from './log-probs.js';
import { asRow, type Row } from './row.js';

/** Pairs, and the names of columns that were ignored. */
export interface ReadPairs {
  readonly pairs: Pairs;
  readonly ignored: readonly string[];
}

/** The column names of TRL, followed by those of its versions before 0.12. */
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
/** The largest 32-bit integer; no completion has more tokens. */
const MOST_TOKENS = 2 ** 31 - 1;

/** The positions of the columns of pairs in a table. */
export interface PairPlaces {
  readonly chosen: number;
  readonly rejected: number;
  readonly refChosen: number;
  readonly refRejected: number;
  readonly tokens: { readonly chosen: number; readonly rejected: number } | undefined;
  /** Positions by feature name. */
  readonly features: ReadonlyMap<string, number>;
  readonly prompt: number | undefined;
}

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

  /** JSON pointer of the next row. */
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
   * Adds a pair that consists of plain numbers, without building a row.
   *
   * @returns false, and adds nothing, if the row needs full checks; call `add` instead.
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

  /** Notes the name of a column that is ignored. */
  ignore(name: string): void {
    this.#ignored.add(name);
  }

  finish(): ReadPairs {
    if (this.#columns.count === 0) {
      throw new MistdError('empty_samples', 'The request has no pairs.', { pointer: '/pairs' });
    }
    return { pairs: this.#columns.finish(), ignored: [...this.#ignored] };
  }

  #checkCount(): void {
    if (this.#columns.count < this.#maxPairs) return;
    throw new MistdError('too_many_pairs', `The request has more than ${this.#maxPairs} pairs.`, {
      pointer: '/pairs',
    });
  }

  /** The fast path for a row of four sums, the usual case. @returns false if it does not apply. */
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

  /** The token count of a side; a count that was sent must agree with the token lists. */
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
      throw new MistdError(
        'missing_field',
        'Some pairs have a prompt_id and others do not; send it in every pair or in none.',
        { pointer: this.pointer },
      );
    }
    if (!given) return;
    if (typeof id !== 'string' && typeof id !== 'number') {
      throw new MistdError(
        'invalid_type',
        `prompt_id is ${describe(id)}, not a string or number.`,
        { pointer: `${this.pointer}/prompt_id` },
      );
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
        throw new MistdError('missing_field', `${place} is missing, but the first pair has it.`, {
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
        throw new MistdError(
          'unknown_field',
          `${place} is not a feature of the first pair; all pairs must have the same features.`,
          { pointer: place },
        );
      }
    }
  }
}

/**
 * Determines how many tokens a completion has: the count that was sent and the lengths of the lists
 * of both models must agree.
 *
 * @param at JSON pointers of the count and of a list, for errors.
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
      `${at.field} must be a whole number from 1 to ${MOST_TOKENS}.`,
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
      `${at.field} is ${given}, but there are log-probabilities of ${counted(listed, 'token')}.`,
      { pointer: at.field },
    );
  }
  return given ?? listed;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MOST_TOKENS;
}
