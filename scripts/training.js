import { fileURLToPath } from 'node:url';
import { ensureVenv } from './python.js';

export const TRAINING = fileURLToPath(new URL('../training', import.meta.url));
const RUNTIME = `${TRAINING}/requirements.txt`;
const DEV = `${TRAINING}/requirements-dev.txt`;
const REFERENCE = `${TRAINING}/requirements-reference.txt`;

/** @returns {string} the python of training/.venv, which is made when it is missing or old. */
export function trainingPython() {
  return ensureVenv(
    `${TRAINING}/.venv`,
    [RUNTIME, DEV, REFERENCE, `${TRAINING}/pyproject.toml`],
    [
      ['-r', DEV],
      ['--no-deps', '-r', REFERENCE],
      // Gives the command mistd-train, on the source as it is.
      ['--no-deps', '--no-build-isolation', '--editable', TRAINING],
    ],
  );
}
