import { execFileSync } from 'node:child_process';

/** Builds dist/ once before the tests. */
export function setup(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
}
