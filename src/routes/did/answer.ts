import type { Static, TSchema } from 'typebox';
import type { CandidateRules, ReadPrompts } from '../../formats/preference/candidates.js';
import { type BodyRules, type DidBody, readDidBody } from '../../formats/preference/did-body.js';
import type { ReadPairs } from '../../formats/preference/pair-reader.js';
import { compileCheck } from '../../validation.js';

export interface AnswerLimits {
  /** Pairs, or candidates. */
  readonly maxPairs: number;
  /** Of a reply with a row a pair. */
  readonly maxRows: number;
}

/** What a route of /did answers, without any HTTP: what it takes, and the reply but for its end. */
export interface DidAnswer<T extends TSchema, Reply> {
  readonly takes: Omit<BodyRules, 'most'>;
  readonly options: T;
  readonly answer: (
    data: Omit<DidBody, 'fields'>,
    options: Static<T>,
    limits: AnswerLimits,
  ) => Omit<Reply, 'timing' | 'id'>;
}

/** An answer about the completions of prompts. */
export function aboutPrompts<T extends TSchema, Reply>(
  candidates: CandidateRules,
  options: T,
  answer: (read: ReadPrompts, options: Static<T>) => Omit<Reply, 'timing' | 'id'>,
): DidAnswer<T, Reply> {
  return {
    takes: { takesPairs: false, candidates },
    options,
    answer: (data, checked) => answer(data.candidates as ReadPrompts, checked),
  };
}

/** A JSON body; or pairs that came as rows, with the options of the query string. */
export type DidInput =
  | { readonly bytes: Buffer }
  | { readonly read: ReadPairs; readonly options: unknown };

export interface DidText {
  /** The reply as JSON without its end: its timing, its id and the last brace. */
  readonly start: Uint8Array<ArrayBuffer>;
  /** That the request gave itself. */
  readonly id: string | undefined;
  readonly parseMs: number;
  readonly computeMs: number;
}

/**
 * Makes a function from input to the reply's text: plain data in and out, so that any thread can
 * run it. The text is made there too, as for many candidates it takes longer than all the rest.
 */
export function answerer<T extends TSchema, Reply>({
  takes,
  options: schema,
  answer,
}: DidAnswer<T, Reply>): (input: DidInput, limits: AnswerLimits) => DidText {
  const checkOptions = compileCheck(schema);
  return (input, limits) => {
    const arrived = performance.now();
    const [data, options] =
      'read' in input
        ? [{ read: input.read, candidates: undefined }, input.options as Static<T>]
        : fromJson(input.bytes);
    const begun = performance.now();
    const text = JSON.stringify(answer(data, options, limits));
    return {
      start: new TextEncoder().encode(text.slice(0, -1)),
      id: (options as { id?: string }).id,
      parseMs: begun - arrived,
      computeMs: performance.now() - begun,
    };

    function fromJson(bytes: Buffer): [Omit<DidBody, 'fields'>, Static<T>] {
      const { fields, ...data } = readDidBody(bytes, { ...takes, most: limits.maxPairs });
      return [data, checkOptions(fields)];
    }
  };
}
