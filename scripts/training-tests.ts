// Lints and tests the training pipeline. Run it with: npm run test:training [-- <pytest options>]
// or, for the slow tests alone: npm run test:slow
import { trainingPython } from './training-python.js';

try {
  const python = trainingPython();
  python('-m', 'ruff', 'check', '.');
  python('-m', 'ruff', 'format', '--check', '.');
  python('-m', 'pytest', '-n', '2', '--dist', 'loadfile', ...process.argv.slice(2));
} catch (error) {
  console.error(`test:training failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
