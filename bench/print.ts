// Output that all benchmarks share.

/** Formats a table as text: the first column aligned left, the others right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const lines = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, c) => Math.max(...lines.map((line) => line[c]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
        .join('   '),
    )
    .join('\n');
}

/** Prints a line about the progress to stderr, so that stdout has the tables alone. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function ms(value: number): string {
  return `${value.toPrecision(3)} ms`;
}

export function times(ratio: number): string {
  return `${ratio.toPrecision(3)} ×`;
}

/** The last cell of a row of targets. */
export function met(yes: boolean): string {
  return yes ? 'met' : 'MISSED';
}
