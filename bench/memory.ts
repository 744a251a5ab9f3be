import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Resident memory of a process in MB, from Linux's /proc; NaN on other systems.
 *
 * @param which VmRSS: the current figure; VmHWM: the peak so far.
 */
export function memoryMb({ pid }: ChildProcess, which: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
