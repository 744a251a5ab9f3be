// Lints and tests the training pipeline in training/.venv, which it makes when it is missing or old.
// Run it with: npm run test:training, or for the slow tests alone: npm run test:slow
// Further arguments go to pytest.
import { run } from './python.js';
import { TRAINING, trainingPython } from './training.js';

try {
  const python = trainingPython();
  run(python, ['-m', 'ruff', 'check', '.'], TRAINING);
  run(python, ['-m', 'ruff', 'format', '--check', '.'], TRAINING);
  run(
    python,
    ['-m', 'pytest', '-n', '2', '--dist', 'loadfile', ...process.argv.slice(2)],
    TRAINING,
  );
} catch (error) {
  console.error(`test:training failed: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
}
