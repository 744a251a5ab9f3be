import { ensureVenv, run } from './python.js';
import { ROOT } from './root.js';

export const TRAINING = `${ROOT}training`;

const RUNTIME = `${TRAINING}/requirements.txt`;
const DEV = `${TRAINING}/requirements-dev.txt`;
const REFERENCE = `${TRAINING}/requirements-reference.txt`;

/** Returns a function that runs python in training/; makes training/.venv if it is missing or old. */
export function trainingPython(): (...args: string[]) => void {
  const python = ensureVenv({
    folder: `${TRAINING}/.venv`,
    files: [RUNTIME, DEV, REFERENCE, `${TRAINING}/pyproject.toml`],
    installs: [
      ['-r', DEV],
      ['--no-deps', '-r', REFERENCE],
      // Installs the command mistd-train; it runs the source in place.
      ['--no-deps', '--no-build-isolation', '--editable', TRAINING],
    ],
  });
  return (...args) => run(python, args, TRAINING);
}
