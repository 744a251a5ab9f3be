import { MistdError } from '../../errors.js';
import { parseObject } from '../table/json.js';
import { asBuffer } from '../text/bytes.js';
import { type CandidateRules, type ReadPrompts, readPrompts } from './candidates.js';
import type { ReadPairs } from './pair-reader.js';
import { pairsFromJson } from './pairs.js';

/** What a route of /did takes in a JSON body. */
export interface BodyRules {
  readonly takesPairs: boolean;
  /** Undefined if it takes none. */
  readonly candidates: CandidateRules | undefined;
  /** Pairs, or candidates. */
  readonly most: number;
}

/** A JSON body of /did as plain data, its options still unchecked. */
export interface DidBody {
  readonly read: ReadPairs | undefined;
  readonly candidates: ReadPrompts | undefined;
  readonly fields: Record<string, unknown>;
}

/**
 * Reads the pairs and the candidates of a JSON body, which holds the options too.
 *
 * @throws MistdError with the JSON pointer of the fault.
 */
export function readDidBody(
  sent: Uint8Array,
  { takesPairs, candidates, most }: BodyRules,
): DidBody {
  const { pairs, prompts, rows, ...fields } = parseObject(asBuffer(sent));
  const listed = prompts !== undefined || rows !== undefined;
  if (!takesPairs && pairs !== undefined) throw notTaken('pairs', 'prompts or rows');
  if (!candidates && listed) throw notTaken(prompts === undefined ? 'rows' : 'prompts', 'pairs');
  if (takesPairs && candidates && pairs === undefined && !listed) {
    throw new MistdError('missing_field', 'Give pairs, prompts or rows.', { pointer: '/pairs' });
  }
  const { proposal } = fields;
  return {
    read: takesPairs && (pairs !== undefined || !listed) ? pairsFromJson(pairs, most) : undefined,
    candidates:
      candidates && (listed || !takesPairs)
        ? readPrompts({ prompts, rows, proposal }, candidates, most)
        : undefined,
    fields,
  };
}

function notTaken(name: string, instead: string): MistdError {
  return new MistdError('unknown_field', `This route takes ${instead}, not ${name}.`, {
    pointer: `/${name}`,
  });
}
