// Tables of text.

/**
 * @param {string[]} header
 * @param {(string | number)[][]} rows
 */
export function table(header, rows) {
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
