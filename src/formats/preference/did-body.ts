import { MistdError } from '../../errors.js';
import { parseObject } from '../table/json.js';
import { asBuffer } from '../text/bytes.js';
import { type CandidateRules, type ReadPrompts, readPrompts } from './candidates.js';
import type { ReadPairs } from './pair-reader.js';
import { pairsFromJson } from './pairs.js';

/** What a route of /did accepts in a JSON body. */
export interface BodyRules {
  readonly takesPairs: boolean;
  /** Rules for candidates; undefined if the route accepts none. */
  readonly candidates: CandidateRules | undefined;
  /** Largest number of pairs or candidates. */
  readonly most: number;
}

/** What a body holds besides its options: plain data. */
export interface DidData {
  readonly read: ReadPairs | undefined;
  readonly candidates: ReadPrompts | undefined;
}

/**
 * Reads the pairs and the candidates of a JSON body, which also holds the options. Options are
 * checked before the pairs are read.
 *
 * @param checkOptions checks the other fields and fills in defaults.
 * @throws MistdError with the JSON pointer of the fault.
 */
export function readDidBody<Options>(
  sent: Uint8Array,
  { takesPairs, candidates, most }: BodyRules,
  checkOptions: (fields: Record<string, unknown>) => Options,
): DidData & { readonly options: Options } {
  const { pairs, prompts, rows, ...fields } = parseObject(asBuffer(sent));
  const listed = prompts !== undefined || rows !== undefined;
  if (!takesPairs && pairs !== undefined) throw notTaken('pairs', 'prompts or rows');
  if (!candidates && listed) throw notTaken(prompts === undefined ? 'rows' : 'prompts', 'pairs');
  if (takesPairs && candidates && pairs === undefined && !listed) {
    throw new MistdError('missing_field', 'The request has neither pairs, prompts nor rows.', {
      pointer: '/pairs',
    });
  }
  const { proposal } = fields;
  const options = checkOptions(fields);
  return {
    options,
    read: takesPairs && (pairs !== undefined || !listed) ? pairsFromJson(pairs, most) : undefined,
    candidates:
      candidates && (listed || !takesPairs)
        ? readPrompts({ prompts, rows, proposal }, candidates, most)
        : undefined,
  };
}

function notTaken(name: string, instead: string): MistdError {
  return new MistdError('unknown_field', `This route accepts ${instead}, not ${name}.`, {
    pointer: `/${name}`,
  });
}
