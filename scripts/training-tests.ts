// Lints and tests the training pipeline. Run it with: npm run test:training [-- <pytest options>]
import { trainingPython } from './training-python.js';

try {
  const python = trainingPython();
  python('-m', 'ruff', 'check', '.');
  python('-m', 'ruff', 'format', '--check', '.');
  python('-m', 'pytest', ...process.argv.slice(2));
} catch (error) {
  console.error(`test:training failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
