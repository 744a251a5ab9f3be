import type { Static, TSchema } from 'typebox';
import type { CandidateRules, ReadPrompts } from '../../formats/preference/candidates.js';
import { type BodyRules, type DidData, readDidBody } from '../../formats/preference/did-body.js';
import type { ReadPairs } from '../../formats/preference/pair-reader.js';
import { endReply, type RequestStamp } from '../../http/reply.js';
import { compileCheck } from '../../validation.js';
import type { PreferenceWarning } from '../../warnings.js';

export interface AnswerLimits {
  /** Largest number of pairs or candidates. */
  readonly maxPairs: number;
  /** Largest number of rows in a reply with one row per pair. */
  readonly maxRows: number;
}

/** How a route of /did answers, without HTTP: its input, its options and most of its reply. */
export interface DidAnswer<Options extends TSchema, Reply> {
  readonly takes: Omit<BodyRules, 'most'>;
  readonly options: Options;
  /** Checks options that depend on each other; the schema checks each one. */
  readonly checkTogether?: (options: Static<Options>) => void;
  readonly answer: (
    data: DidData,
    options: Static<Options>,
    limits: AnswerLimits,
  ) => Omit<Reply, 'timing' | 'id'> & { readonly warnings: readonly PreferenceWarning[] };
}

/** Makes the answer of a route that takes the completions of prompts. */
export function aboutPrompts<Options extends TSchema, Reply>(
  candidates: CandidateRules,
  options: Options,
  answer: (
    read: ReadPrompts,
    options: Static<Options>,
  ) => Omit<Reply, 'timing' | 'id'> & { readonly warnings: readonly PreferenceWarning[] },
): DidAnswer<Options, Reply> {
  return {
    takes: { takesPairs: false, candidates },
    options,
    answer: (data, checked) => answer(data.candidates as ReadPrompts, checked),
  };
}

/** A JSON body, or pairs that were read from rows, with the options of the query string. */
export type DidInput =
  | { readonly bytes: Uint8Array }
  | { readonly read: ReadPairs; readonly options: unknown; readonly parseMs: number };

/**
 * Makes the function `reply`, which turns a request into its reply as JSON. Its arguments and
 * result are plain data, so any thread can run it. It serializes the reply itself, because with
 * many candidates serializing takes longest.
 */
export function answerer<Options extends TSchema, Reply>({
  takes,
  options: schema,
  checkTogether = () => undefined,
  answer,
}: DidAnswer<Options, Reply>) {
  const checkEach = compileCheck(schema);

  function checkOptions(fields: unknown): Static<Options> {
    const options = checkEach(fields);
    checkTogether(options);
    return options;
  }

  function read(input: DidInput, limits: AnswerLimits) {
    if ('read' in input) {
      const options = input.options as Static<Options>;
      return { read: input.read, candidates: undefined, options, parseMs: input.parseMs };
    }
    const start = performance.now();
    const body = readDidBody(input.bytes, { ...takes, most: limits.maxPairs }, checkOptions);
    return { ...body, parseMs: performance.now() - start };
  }

  function reply(
    input: DidInput,
    limits: AnswerLimits,
    stamp: RequestStamp,
  ): Uint8Array<ArrayBuffer> {
    const { options, parseMs, ...data } = read(input, limits);
    const start = performance.now();
    const result = answer(data, options, limits);
    const timing = { parse_ms: parseMs, compute_ms: performance.now() - start };
    const { id } = options as { id?: string };
    return new TextEncoder().encode(JSON.stringify(endReply(stamp, result, { id, timing })));
  }

  return { reply, checkTogether: (options: unknown) => checkTogether(options as Static<Options>) };
}
