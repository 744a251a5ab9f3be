import { MistdError, pointerStep } from '../../errors.js';
import { describe } from '../text/describe.js';

/** log p of one completion given its prompt, in nats, as a sum over the completion's tokens. */
export interface LogProb {
  readonly sum: number;
  /** How many tokens were summed; undefined for a sum that came as one number. */
  readonly tokens: number | undefined;
  /** Tokens at FLOOR, whose true log-probability is not known. */
  readonly floored: number;
}

/** What a rounded log-softmax may exceed 0 by, a token. */
const ROUNDING = 1e-6;
/** No text is so unlikely; beyond, differences would lose their digits. */
const LOWEST = -1e12;
/** What OpenAI sends for a token outside the most likely ones, whatever its log-probability. */
const FLOOR = -9999;

/**
 * Reads a log-probability in any of the forms that people hold:
 *
 * - a number: the sum over the completion's tokens;
 * - an array of numbers: one a completion token;
 * - OpenAI chat: a response, a choice, or its `logprobs`, `{content: [{logprob}, …]}`;
 * - OpenAI completions: a response, a choice, or its `logprobs`, `{token_logprobs: […]}`;
 * - vLLM: `{prompt_logprobs: [null, {token_id: {logprob}}, …], prompt_token_ids, completion_start}`,
 *   of which only the actual tokens count, from `completion_start` on.
 *
 * `completion_start` is the number of prompt tokens at the start of the list.
 *
 * @throws MistdError with the pointer of the fault.
 */
export function readLogProb(value: unknown, pointer: string): LogProb {
  if (typeof value === 'number') {
    return {
      sum: checkLogProb(value, pointer),
      tokens: undefined,
      floored: value === FLOOR ? 1 : 0,
    };
  }
  if (Array.isArray(value)) return sumTokens(value, 0, (token) => token, pointer);
  if (isObject(value)) return readResponse(value, pointer, undefined);
  if (value === undefined) {
    throw new MistdError('missing_field', `${pointer} is missing.`, { pointer });
  }
  if (typeof value === 'string' && /^-inf(inity)?$/i.test(value)) {
    return readLogProb(Number.NEGATIVE_INFINITY, pointer);
  }
  throw new MistdError(
    'not_a_number',
    `${pointer} is ${describe(value)}, not a log-probability: a number, a list of one a token, or a response with log-probs.`,
    { pointer },
  );
}

/** Whether a value is a log-probability as one number with nothing to be said about it. */
export function isSum(value: unknown): value is number {
  return typeof value === 'number' && value <= ROUNDING && value >= LOWEST && value !== FLOOR;
}

/** @throws MistdError unless log p ≤ 0 and finite. */
export function checkLogProb(value: number, pointer: string): number {
  if (value <= ROUNDING && value >= LOWEST) return value;
  if (value === Number.NEGATIVE_INFINITY) {
    throw new MistdError('zero_probability', `${pointer} is −Infinity.`, { pointer });
  }
  if (value > 0) {
    throw new MistdError('positive_log_prob', `${pointer} is ${value}.`, { pointer });
  }
  if (value < LOWEST) {
    throw new MistdError('out_of_range', `${pointer} is below ${LOWEST}.`, { pointer });
  }
  throw new MistdError('not_a_number', `${pointer} is not a number.`, { pointer });
}

type Fields = Record<string, unknown>;

function readResponse(value: Fields, pointer: string, outerStart: number | undefined): LogProb {
  const start = readStart(value.completion_start, pointer) ?? outerStart;
  const { prompt_logprobs, choices, logprobs, content, token_logprobs } = value;
  if (Array.isArray(prompt_logprobs)) return readVllm(value, prompt_logprobs, start, pointer);
  if (Array.isArray(choices)) {
    if (choices.length !== 1 || !isObject(choices[0])) {
      throw new MistdError(
        'invalid_value',
        `${pointer}/choices has ${choices.length} choices; send the one that is this completion.`,
        { pointer: `${pointer}/choices` },
      );
    }
    return readResponse(choices[0], `${pointer}/choices/0`, start);
  }
  if (isObject(logprobs)) return readResponse(logprobs, `${pointer}/logprobs`, start);
  if (Array.isArray(content)) {
    const logprobOf = (token: unknown) => (isObject(token) ? token.logprob : undefined);
    return sumTokens(content, start ?? 0, logprobOf, `${pointer}/content`, '/logprob');
  }
  if (Array.isArray(token_logprobs)) {
    // The first token of an echoed prompt has no log-probability: nothing came before it.
    if (token_logprobs[0] === null) requireStart(start, 'token_logprobs', pointer);
    return sumTokens(token_logprobs, start ?? 0, (token) => token, `${pointer}/token_logprobs`);
  }
  throw new MistdError(
    'missing_token',
    `${pointer} has none of prompt_logprobs, choices, logprobs, content or token_logprobs with log-probs in it.`,
    { pointer },
  );
}

/** Beside the actual token, an entry may hold the most likely ones. */
function readVllm(
  value: Fields,
  entries: unknown[],
  start: number | undefined,
  pointer: string,
): LogProb {
  requireStart(start, 'prompt_logprobs', pointer);
  const ids = value.prompt_token_ids;
  if (ids !== undefined && (!Array.isArray(ids) || ids.length !== entries.length)) {
    throw new MistdError(
      'token_counts_differ',
      `${pointer}/prompt_token_ids is not a list of ${entries.length} ids, as many as prompt_logprobs has entries.`,
      { pointer: `${pointer}/prompt_token_ids` },
    );
  }
  const place = `${pointer}/prompt_logprobs`;
  const logprobOf = (entry: unknown, at: number) => {
    if (!isObject(entry)) return undefined;
    const keys = Object.keys(entry);
    if (ids === undefined && keys.length > 1) {
      throw new MistdError(
        'missing_token',
        `${place}/${at} has ${keys.length} tokens and does not say which is the actual one; send prompt_token_ids too.`,
        { pointer: `${place}/${at}` },
      );
    }
    const actual = entry[ids === undefined ? (keys[0] ?? '') : String(ids[at])];
    return isObject(actual) ? actual.logprob : actual;
  };
  return sumTokens(entries, start ?? 0, logprobOf, place);
}

/** Sums the tokens from `start` on. */
function sumTokens(
  tokens: unknown[],
  start: number,
  logprobOf: (token: unknown, at: number) => unknown,
  pointer: string,
  step = '',
): LogProb {
  if (tokens.length <= start) {
    throw new MistdError(
      'missing_token',
      `${pointer} has ${tokens.length} tokens, none of them of the completion.`,
      { pointer },
    );
  }
  let sum = 0;
  let floored = 0;
  for (let at = start; at < tokens.length; at++) {
    const logprob = logprobOf(tokens[at], at);
    const place = `${pointer}${pointerStep(at)}`;
    if (logprob === null || logprob === undefined) {
      throw new MistdError('missing_token', `${place} has no log-prob of the actual token.`, {
        pointer: place,
      });
    }
    if (typeof logprob !== 'number') {
      throw new MistdError('not_a_number', `The log-prob at ${place} is ${describe(logprob)}.`, {
        pointer: place,
      });
    }
    if (logprob === FLOOR) floored++;
    sum += checkLogProb(logprob, place + step);
  }
  return { sum, tokens: tokens.length - start, floored };
}

function readStart(value: unknown, pointer: string): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= 0) return value as number;
  throw new MistdError(
    'out_of_range',
    `${pointer}/completion_start is not a whole number of prompt tokens.`,
    { pointer: `${pointer}/completion_start` },
  );
}

function requireStart(start: number | undefined, what: string, pointer: string): void {
  if (start !== undefined && start > 0) return;
  throw new MistdError(
    'missing_field',
    `${pointer}/${what} covers the prompt too; completion_start must say how many of its tokens are the prompt's.`,
    { pointer },
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
