import type { RequestStamp } from '../../http/reply.js';
import { type AnswerLimits, answerer, type DidInput } from './answer.js';
import { distributionAnswer } from './distribution/answer.js';
import { entropyAnswer } from './entropy/answer.js';
import { pairsAnswer } from './pairs/answer.js';
import { powerLawAnswer } from './power-law/answer.js';
import { rejectedAnswer } from './rejected/answer.js';

/** The routes of /did that need no model, by the last part of their path. */
const ANSWERS = {
  distribution: answerer(distributionAnswer),
  entropy: answerer(entropyAnswer),
  pairs: answerer(pairsAnswer),
  'power-law': answerer(powerLawAnswer),
  rejected: answerer(rejectedAnswer),
};

export type AnswerName = keyof typeof ANSWERS;

/**
 * Answers a request of /did that needs no model.
 *
 * @returns the reply: JSON in UTF-8.
 * @throws MistdError with the JSON pointer of what is wrong.
 */
export function answerDid(
  name: AnswerName,
  input: DidInput,
  limits: AnswerLimits,
  stamp: RequestStamp,
): Uint8Array<ArrayBuffer> {
  return ANSWERS[name].reply(input, limits, stamp);
}

/**
 * Checks options of a query string that depend on each other, before the pairs are read.
 *
 * @param options checked one by one already.
 */
export function checkDidOptions(name: AnswerName, options: unknown): void {
  ANSWERS[name].checkTogether(options);
}
