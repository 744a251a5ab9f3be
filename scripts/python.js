// Python environments that the repository makes for itself, from pinned requirements.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// 3.12 and 3.11 first: the reference that training tests compare with has nothing for later ones.
const PYTHONS = ['python3.12', 'python3.11', 'python3', 'python3.13', 'python3.14'];

/**
 * Makes a virtual environment, or reuses the one that is there if nothing of its making changed.
 * pip takes its index from its own configuration.
 *
 * @param {string} folder of the environment.
 * @param {readonly string[]} files that decide what is installed; a change makes it anew.
 * @param {readonly (readonly string[])[]} installs arguments of one `pip install` each, in order.
 * @returns {string} path of its python.
 */
export function ensureVenv(folder, files, installs) {
  const system = findPython();
  const python = join(folder, 'bin', 'python');
  const stampFile = join(folder, 'made-of');
  const hash = createHash('sha256').update(JSON.stringify([system.version, installs]));
  for (const file of files) hash.update(readFileSync(file));
  const stamp = hash.digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return python;

  console.log(`Making ${folder} with Python ${system.version}: some minutes, this once`);
  rmSync(folder, { recursive: true, force: true });
  run(system.command, ['-m', 'venv', folder]);
  for (const install of installs) {
    run(python, ['-m', 'pip', 'install', '-qq', '--disable-pip-version-check', ...install]);
  }
  // Last: an installation that was cut off has no stamp.
  writeFileSync(stampFile, stamp);
  return python;
}

/**
 * Runs a command in sight of the user.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 * @throws Error when it does not exit 0.
 */
export function run(command, args, cwd) {
  execFileSync(command, args, { stdio: 'inherit', ...(cwd === undefined ? {} : { cwd }) });
}

/** @returns {{ command: string, version: string }} the first Python that is new enough. */
function findPython() {
  const code = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
  for (const command of PYTHONS) {
    try {
      const version = execFileSync(command, ['-c', code], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
      const [major = 0, minor = 0] = version.split('.').map(Number);
      if (major === 3 && minor >= 11) return { command, version };
    } catch {
      // Not installed.
    }
  }
  throw new Error(`Python 3.11 or later is needed; tried ${PYTHONS.join(', ')}`);
}
