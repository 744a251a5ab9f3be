import { readFileSync } from 'node:fs';

export type Columns = Record<string, number[]>;

/** Columns by name of a data set in examples/. */
export function readExample(name: string): Columns {
  const [header = '', ...lines] = readFileSync(`examples/${name}.csv`, 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  return Object.fromEntries(
    header.split(',').map((column, c) => [column, rows.map((row) => row[c] as number)]),
  );
}
