import { answerer } from './answer.js';
import { distributionAnswer } from './distribution/index.js';
import { entropyAnswer } from './entropy/index.js';
import { pairsAnswer } from './pairs/index.js';
import { powerLawAnswer } from './power-law/index.js';
import { rejectedAnswer } from './rejected/index.js';

/** The routes of /did that need no model, by their last part. */
export const ANSWERS = {
  distribution: answerer(distributionAnswer),
  entropy: answerer(entropyAnswer),
  pairs: answerer(pairsAnswer),
  'power-law': answerer(powerLawAnswer),
  rejected: answerer(rejectedAnswer),
};

export type AnswerName = keyof typeof ANSWERS;
