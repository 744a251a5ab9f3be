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

/** A JSON body of /did as plain data; the options in `fields` are not checked yet. */
export interface DidBody {
  readonly read: ReadPairs | undefined;
  readonly candidates: ReadPrompts | undefined;
  readonly fields: Record<string, unknown>;
}

/**
 * Reads the pairs and the candidates of a JSON body, which also holds the options.
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
    throw new MistdError('missing_field', 'The request has neither pairs, prompts nor rows.', {
      pointer: '/pairs',
    });
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
  return new MistdError('unknown_field', `This route accepts ${instead}, not ${name}.`, {
    pointer: `/${name}`,
  });
}
