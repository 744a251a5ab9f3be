/** Entry of a helper thread: the functions that requests run outside the main thread. */
import { classicalAnswer } from './classical/classical.js';
import { neighborCounts } from './classical/ksg.js';
import { secondOpinion } from './classical/second-opinion.js';
import { readSamples } from './formats/samples.js';
import { drawComparison } from './preference/comparison.js';
import { answerDid } from './routes/did/answers.js';
import { readSufficiencyBody } from './routes/did/sufficiency/body.js';
import { offer } from './threads/offer.js';

// Readers of files read several parts at once. When one part fails, another may fail after the
// answer; that must not end the thread, and with it the next call.
process.on('unhandledRejection', () => {});

export const handle = offer([
  answerDid,
  classicalAnswer,
  drawComparison,
  neighborCounts,
  readSamples,
  readSufficiencyBody,
  secondOpinion,
]);
