// Finds which preference objectives recover the target policy, exactly; prints the table and draws
// the plot of docs/did.md. Run it with: npm run did:recover
import { run } from './python.js';
import { TRAINING, trainingPython } from './training.js';

run(
  trainingPython(),
  ['-m', 'mistd_training.evaluation.did_recover', '--plot', '../docs/did-recover.png'],
  TRAINING,
);
