import { MistdError, pointerStep } from '../../errors.js';
import { counted, describe } from '../text/describe.js';

/** log p of one completion given its prompt, in nats, as a sum over the completion's tokens. */
export interface LogProb {
  readonly sum: number;
  /** Number of tokens in the sum; undefined if the sum was sent as one number. */
  readonly tokens: number | undefined;
  /** Number of tokens at FLOOR, whose true log-probability is unknown. */
  readonly floored: number;
}

/** How far a log-softmax may exceed 0 by rounding. */
const ROUNDING = 1e-6;
/** No text is less likely than this; differences of lower numbers would lose their digits. */
const LOWEST = -1e12;
/** The value that OpenAI sends for any token outside the most likely ones. */
const FLOOR = -9999;

/**
 * Reads a log-probability in any of the usual forms:
 *
 * - a number: the sum over the completion's tokens;
 * - an array of numbers: one per completion token;
 * - OpenAI chat: a response, a choice, or its `logprobs`, `{content: [{logprob}, …]}`;
 * - OpenAI completions: a response, a choice, or its `logprobs`, `{token_logprobs: […]}`;
 * - vLLM: `{prompt_logprobs: [null, {token_id: {logprob}}, …], prompt_token_ids, completion_start}`,
 *   of which only the actual tokens from `completion_start` on count.
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
    `${pointer} is ${describe(value)}; a log-probability is a number, a list with one number per token, or a response with log-probabilities.`,
    { pointer },
  );
}

/** Whether a value is a log-probability sent as one number that needs no further checks. */
export function isSum(value: unknown): value is number {
  return typeof value === 'number' && value <= ROUNDING && value >= LOWEST && value !== FLOOR;
}

/** @throws MistdError unless log p is finite and at most 0. */
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
        `${pointer}/choices has ${counted(choices.length, 'element')}; send exactly one choice object.`,
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
    `${pointer} has no log-probabilities in prompt_logprobs, choices, logprobs, content or token_logprobs.`,
    { pointer },
  );
}

/** Reads the form of vLLM, whose entries may hold the most likely tokens beside the actual one. */
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
      `${pointer}/prompt_token_ids must be a list of ${counted(entries.length, 'id')}, one per entry of prompt_logprobs.`,
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
        `${place}/${at} has ${keys.length} tokens, and the actual one is unknown; send prompt_token_ids too.`,
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
      `${pointer} has no token of the completion (tokens in the list: ${tokens.length}).`,
      { pointer },
    );
  }
  let sum = 0;
  let floored = 0;
  for (let at = start; at < tokens.length; at++) {
    const logprob = logprobOf(tokens[at], at);
    const place = `${pointer}${pointerStep(at)}`;
    if (logprob === null || logprob === undefined) {
      throw new MistdError(
        'missing_token',
        `${place} has no log-probability of the actual token.`,
        {
          pointer: place,
        },
      );
    }
    if (typeof logprob !== 'number') {
      throw new MistdError(
        'not_a_number',
        `The log-probability at ${place} is ${describe(logprob)}.`,
        { pointer: place },
      );
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
    `${pointer}/completion_start must be the number of prompt tokens, a whole number of at least 0.`,
    { pointer: `${pointer}/completion_start` },
  );
}

function requireStart(start: number | undefined, what: string, pointer: string): void {
  if (start !== undefined && start > 0) return;
  throw new MistdError(
    'missing_field',
    `${pointer}/${what} includes the prompt; send completion_start, the number of its prompt tokens.`,
    { pointer },
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
