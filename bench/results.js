// What every bench says of itself and where it keeps its figures.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { WORKERS } from './processes.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));

export function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: WORKERS,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/**
 * @param {string} name of the bench; empty for that of /estimate.
 * @param {{ machine: ReturnType<typeof machine>, [figures: string]: unknown }} summary
 */
export async function save(name, summary) {
  const { date, node } = summary.machine;
  const which = name === '' ? '' : `${name}-`;
  const file = `bench/results/${which}${date}-node${node.slice(1).split('.')[0]}.json`;
  await mkdir(`${HERE}results`, { recursive: true });
  const round = (/** @type {string} */ _, /** @type {unknown} */ value) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  await writeFile(`${HERE}../${file}`, `${JSON.stringify(summary, round, 2)}\n`);
  console.log(`\nwritten to ${file}`);
}

/** @param {string} name of a bench whose figures were saved. */
export async function newest(name) {
  const files = (await readdir(`${HERE}results`)).filter((file) => file.startsWith(`${name}-`));
  const file = files.sort().at(-1);
  if (!file) throw new Error(`no results of ${name} are in bench/results: measure all parts first`);
  return JSON.parse(await readFile(`${HERE}results/${file}`, 'utf8'));
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (/** @type {number} */ place) => sorted[place] ?? Number.NaN;
  return (at(Math.floor((sorted.length - 1) / 2)) + at(Math.ceil((sorted.length - 1) / 2))) / 2;
}
