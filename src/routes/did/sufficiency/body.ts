import type { Static } from 'typebox';
import { readDidBody } from '../../../formats/preference/did-body.js';
import type { ReadPairs } from '../../../formats/preference/pair-reader.js';
import { compileCheck } from '../../../validation.js';
import { SufficiencyOptions } from './schema.js';

const checkOptions = compileCheck(SufficiencyOptions);

/** Pairs and the checked options of a request. */
export interface SufficiencyBody extends ReadPairs {
  readonly options: Static<typeof SufficiencyOptions>;
}

/**
 * Reads a JSON body of /did/sufficiency: plain data in and out.
 *
 * @param most pairs to take.
 * @throws MistdError as `readDidBody`
 */
export function readSufficiencyBody(bytes: Uint8Array, most: number): SufficiencyBody {
  const rules = { takesPairs: true, candidates: undefined, most };
  const { read, options } = readDidBody(bytes, rules, checkOptions);
  return { ...(read as ReadPairs), options };
}
