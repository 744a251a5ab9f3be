/** Entry file of a helper thread. It offers the functions that run outside the main thread. */
import { classicalAnswer } from './classical/classical.js';
import { neighborCounts } from './classical/ksg.js';
import { secondOpinion } from './classical/second-opinion.js';
import { readSamples } from './formats/samples.js';
import { drawComparison } from './preference/comparison.js';
import { answerDid } from './routes/did/answers.js';
import { readSufficiencyBody } from './routes/did/sufficiency/body.js';
import { offer } from './threads/offer.js';

// Readers of files read several parts at once. After one part has failed and the error was sent,
// another part may fail too; that must not end the thread, which may already run the next call.
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
