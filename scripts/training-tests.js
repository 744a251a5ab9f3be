// Lints and tests the training pipeline in training/.venv, which it makes when it is missing or old.
// Run it with: npm run test:training
import { fileURLToPath } from 'node:url';
import { ensureVenv, run } from './python.js';

const TRAINING = fileURLToPath(new URL('../training', import.meta.url));
const RUNTIME = `${TRAINING}/requirements.txt`;
const DEV = `${TRAINING}/requirements-dev.txt`;
const REFERENCE = `${TRAINING}/requirements-reference.txt`;

try {
  const python = ensureVenv(
    `${TRAINING}/.venv`,
    [RUNTIME, DEV, REFERENCE, `${TRAINING}/pyproject.toml`],
    [
      ['-r', DEV],
      ['--no-deps', '-r', REFERENCE],
      // Gives the command mistd-train, on the source as it is.
      ['--no-deps', '--no-build-isolation', '--editable', TRAINING],
    ],
  );
  run(python, ['-m', 'ruff', 'check', '.'], TRAINING);
  run(python, ['-m', 'ruff', 'format', '--check', '.'], TRAINING);
  run(python, ['-m', 'pytest'], TRAINING);
} catch (error) {
  console.error(`test:training failed: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
}
