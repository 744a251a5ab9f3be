import { MistdError } from '../../errors.js';
import { logSumExp } from '../../maths/log-space.js';
import { type Candidate, MASS_TOLERANCE, type Prompt } from '../../preference/candidates.js';
import { counted, describe } from '../text/describe.js';
import { readLogProb } from './log-probs.js';
import { agreedTokens } from './pair-reader.js';
import { asRow, type Row } from './row.js';

export interface CandidateRules {
  /** Name of the list of candidates of a prompt. */
  readonly list: 'candidates' | 'samples';
  /** Whether candidates are draws, each of which counts, unless `proposal` is "support". */
  readonly draws: boolean;
}

export interface ReadPrompts {
  readonly prompts: readonly Prompt[];
  /** Number of tokens whose log-probability is a floor value and not their own. */
  readonly floored: number;
  /** Ids of repeated candidates that were left out. */
  readonly merged: readonly string[];
  /** Whether a repeated candidate counts once. */
  readonly distinct: boolean;
}

/** Largest relative difference between two sums of the same log-probabilities. */
const AGREEMENT = 1e-6;

/**
 * Reads the candidates of prompts from the fields of a JSON body: either `prompts`, each with its
 * list, or `rows`, a flat list in which each row has a `prompt_id`.
 *
 * @param most largest number of candidates.
 * @throws MistdError with the JSON pointer of the fault.
 */
export function readPrompts(fields: Row, rules: CandidateRules, most: number): ReadPrompts {
  const { prompts, rows } = fields;
  if ((prompts === undefined) === (rows === undefined)) {
    throw new MistdError(
      prompts === undefined ? 'missing_field' : 'unknown_field',
      `The request has ${prompts === undefined ? 'neither' : 'both'} prompts ${prompts === undefined ? 'nor' : 'and'} rows; send one of them.`,
      { pointer: prompts === undefined ? '/prompts' : '/rows' },
    );
  }
  // The candidates are every possible completion, so their probabilities must sum to 1.
  const support = rules.draws && fields.proposal === 'support';
  const reader = new CandidateReader({
    list: rules.list,
    distinct: support || !rules.draws,
    support,
    most,
  });
  if (rows !== undefined) {
    asArray(rows, '/rows').forEach((row, i) => {
      const pointer = `/rows/${i}`;
      const fields = asRow(row, pointer);
      reader.add(readId(fields.prompt_id, 'prompt_id', pointer), fields, pointer);
    });
  } else {
    const seen = new Set<string>();
    asArray(prompts, '/prompts').forEach((prompt, p) => {
      const at = `/prompts/${p}`;
      const fields = asRow(prompt, at, ['id', rules.list]);
      const id = readId(fields.id ?? p, 'id', at);
      if (seen.has(id)) {
        throw new MistdError(
          'invalid_value',
          `The prompt id ${JSON.stringify(id)} appears twice.`,
          {
            pointer: `${at}/id`,
          },
        );
      }
      seen.add(id);
      const list = asArray(fields[rules.list], `${at}/${rules.list}`);
      reader.open(id, at);
      list.forEach((candidate, i) => {
        const pointer = `${at}/${rules.list}/${i}`;
        reader.add(id, asRow(candidate, pointer), pointer);
      });
    });
  }
  return reader.finish(rows === undefined ? '/prompts' : '/rows');
}

const CANDIDATE_FIELDS = ['id', 'prompt_id', 'policy_logp', 'ref_logp', 'rejected_logp', 'tokens'];

interface ReaderRules {
  readonly list: CandidateRules['list'];
  readonly distinct: boolean;
  readonly support: boolean;
  readonly most: number;
}

class CandidateReader {
  readonly #rules: ReaderRules;
  readonly #prompts = new Map<string, { at: string; candidates: Candidate[] }>();
  readonly #known = new Map<string, Map<string, Candidate>>();
  readonly #merged: string[] = [];
  #floored = 0;
  #count = 0;

  constructor(rules: ReaderRules) {
    this.#rules = rules;
  }

  /** Adds a prompt, which may turn out to have no candidates. @returns its candidates so far. */
  open(prompt: string, at: string): Candidate[] {
    const known = this.#prompts.get(prompt) ?? { at, candidates: [] };
    this.#prompts.set(prompt, known);
    return known.candidates;
  }

  add(prompt: string, row: Row, pointer: string): void {
    asRow(row, pointer, CANDIDATE_FIELDS);
    const { most, distinct } = this.#rules;
    if (++this.#count > most) {
      throw new MistdError('too_many_pairs', `The request has more than ${most} candidates.`, {
        pointer,
      });
    }
    const candidates = this.open(prompt, pointer);
    const policy = readLogProb(row.policy_logp, `${pointer}/policy_logp`);
    const reference = readLogProb(row.ref_logp, `${pointer}/ref_logp`);
    const rejected =
      row.rejected_logp === undefined
        ? undefined
        : readLogProb(row.rejected_logp, `${pointer}/rejected_logp`);
    const at = { field: `${pointer}/tokens`, lists: `${pointer}/policy_logp` };
    const tokens = agreedTokens(row.tokens, policy, reference, at);
    const id = readId(row.id ?? candidates.length, 'id', pointer);
    const candidate: Candidate = {
      id,
      policy: policy.sum,
      reference: reference.sum,
      rejected: rejected?.sum,
      tokens,
    };
    const known = this.#known.get(prompt) ?? new Map<string, Candidate>();
    this.#known.set(prompt, known);
    const before = known.get(id);
    if (before !== undefined && !agree(before, candidate)) {
      throw new MistdError(
        'candidates_disagree',
        `Candidate ${JSON.stringify(id)} was sent before with ${valuesOf(before)}, and now with ${valuesOf(candidate)}.`,
        { pointer },
      );
    }
    known.set(id, candidate);
    if (before !== undefined && distinct) {
      this.#merged.push(id);
      return;
    }
    this.#floored += policy.floored + reference.floored + (rejected?.floored ?? 0);
    candidates.push(candidate);
  }

  /** @param pointer JSON pointer of the list that held the candidates. */
  finish(pointer: string): ReadPrompts {
    if (this.#prompts.size === 0) {
      throw new MistdError('empty_samples', 'The request has no candidates.', { pointer });
    }
    const prompts: Prompt[] = [];
    for (const [id, { at, candidates }] of this.#prompts) {
      if (candidates.length < 2) {
        throw new MistdError(
          'too_few_candidates',
          `Prompt ${JSON.stringify(id)} has ${counted(candidates.length, this.#rules.list.slice(0, -1))}.`,
          { pointer: at },
        );
      }
      if (this.#rules.support) checkSupport(candidates, id, at);
      prompts.push({ id, candidates });
    }
    return {
      prompts,
      floored: this.#floored,
      merged: this.#merged,
      distinct: this.#rules.distinct,
    };
  }
}

function checkSupport(candidates: readonly Candidate[], id: string, pointer: string): void {
  for (const model of ['policy', 'reference'] as const) {
    const mass = Math.exp(logSumExp(candidates.map((candidate) => candidate[model])));
    if (Math.abs(mass - 1) <= MASS_TOLERANCE) continue;
    throw new MistdError(
      'incomplete_support',
      `The probabilities of the candidates of prompt ${JSON.stringify(id)} sum to ${mass} under the ${model}.`,
      { pointer },
    );
  }
}

function valuesOf({ policy, reference, rejected, tokens }: Candidate): string {
  const more = [
    rejected === undefined ? '' : `, rejected_logp ${rejected}`,
    tokens === undefined ? '' : `, ${tokens} tokens`,
  ];
  return `policy_logp ${policy}, ref_logp ${reference}${more.join('')}`;
}

function agree(a: Candidate, b: Candidate): boolean {
  const near = (x: number | undefined, y: number | undefined) =>
    x === y ||
    (x !== undefined && y !== undefined && Math.abs(x - y) <= AGREEMENT * Math.max(1, Math.abs(x)));
  return (
    near(a.policy, b.policy) &&
    near(a.reference, b.reference) &&
    near(a.rejected, b.rejected) &&
    (a.tokens ?? b.tokens) === (b.tokens ?? a.tokens)
  );
}

function readId(id: unknown, field: string, pointer: string): string {
  if (typeof id === 'string') return id;
  if (typeof id === 'number') return String(id);
  const place = `${pointer}/${field}`;
  if (id === undefined) {
    throw new MistdError('missing_field', `${place} is missing.`, { pointer: place });
  }
  throw new MistdError('invalid_type', `${place} is ${describe(id)}, not a string or number.`, {
    pointer: place,
  });
}

function asArray(value: unknown, pointer: string): unknown[] {
  if (Array.isArray(value)) return value;
  if (value === undefined) {
    throw new MistdError('missing_field', `${pointer} is missing.`, { pointer });
  }
  throw new MistdError('invalid_type', `${pointer} is ${describe(value)}, not an array.`, {
    pointer,
  });
}
