// Computes exactly which preference objectives recover the target policy, prints the table of
// docs/did.md and draws its plot. Run it with: npm run did:recover
import { trainingPython } from './training-python.js';

trainingPython()(
  '-m',
  'mistd_training.evaluation.did_recover',
  '--plot',
  '../docs/did-recover.png',
);
