// Python environments that the repository makes from pinned requirements.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// 3.12 and 3.11 first: the packages of the reference, which training tests compare with, do not
// support later versions.
const PYTHONS = ['python3.12', 'python3.11', 'python3', 'python3.13', 'python3.14'];

export interface Venv {
  readonly folder: string;
  /** Files that decide what is installed; a change to one rebuilds the environment. */
  readonly files: readonly string[];
  /** Arguments of each `pip install`, in order. */
  readonly installs: readonly (readonly string[])[];
}

/**
 * Makes a virtual environment, or reuses the existing one if it is up to date. pip takes its index
 * from its own configuration.
 *
 * @returns the path of its python.
 */
export function ensureVenv({ folder, files, installs }: Venv): string {
  const system = findPython();
  const python = join(folder, 'bin', 'python');
  const stampFile = join(folder, 'made-of');
  const hash = createHash('sha256').update(JSON.stringify([system.version, installs]));
  for (const file of files) hash.update(readFileSync(file));
  const stamp = hash.digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return python;

  console.log(`Making ${folder} with Python ${system.version}; this takes a few minutes, once`);
  rmSync(folder, { recursive: true, force: true });
  run(system.command, ['-m', 'venv', folder]);
  for (const install of installs) {
    run(python, ['-m', 'pip', 'install', '-qq', '--disable-pip-version-check', ...install]);
  }
  // Written last, so that an interrupted installation has no stamp.
  writeFileSync(stampFile, stamp);
  return python;
}

/**
 * Runs a command and shows its output.
 *
 * @throws Error when the exit code is not 0.
 */
export function run(command: string, args: readonly string[], cwd = process.cwd()): void {
  execFileSync(command, args, { stdio: 'inherit', cwd });
}

/** Finds the first Python that is new enough. */
function findPython(): { command: string; version: string } {
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
      // This one is not installed.
    }
  }
  throw new Error(`Python 3.11 or later is needed; tried ${PYTHONS.join(', ')}`);
}
