// The machine that every benchmark names, and the files in which it keeps its figures.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { ROOT } from '../scripts/root.js';
import { WORKERS } from './processes.js';

const FOLDER = 'bench/results';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
}

export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: WORKERS,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** @param name of the benchmark; empty for that of /estimate. */
export async function save<Summary extends { machine: Machine }>(
  name: string,
  summary: Summary,
): Promise<void> {
  const { date, node } = summary.machine;
  const prefix = name === '' ? '' : `${name}-`;
  const file = `${FOLDER}/${prefix}${date}-node${node.slice(1).split('.')[0]}.json`;
  await mkdir(ROOT + FOLDER, { recursive: true });
  const round = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  await writeFile(ROOT + file, `${JSON.stringify(summary, round, 2)}\n`);
  console.log(`\nwritten to ${file}`);
}

/** Reads the newest figures of a benchmark. */
export async function newest<Summary>(name: string): Promise<Summary> {
  const files = (await readdir(ROOT + FOLDER)).filter((file) => file.startsWith(`${name}-`));
  const file = files.sort().at(-1);
  if (!file) throw new Error(`${FOLDER} has no results of ${name}: measure all parts first`);
  return JSON.parse(await readFile(`${ROOT}${FOLDER}/${file}`, 'utf8')) as Summary;
}
