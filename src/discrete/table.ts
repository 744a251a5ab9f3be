import { cellsOf } from '../maths/entropy.js';

/** A contingency table: how often each pair of labels occurs. Every row and column has counts. */
export interface Table {
  readonly rows: number;
  readonly columns: number;
  /** Observations. */
  readonly total: number;
  /** Row by row: `counts[row * columns + column]`. */
  readonly counts: Float64Array;
  readonly rowSums: Float64Array;
  readonly columnSums: Float64Array;
}

/**
 * The table of two columns of labels.
 *
 * @param x shape [observations], as y: equal values are one label.
 */
export function tableOf(x: Float64Array, y: Float64Array): Table {
  const [cellsX, cellsY] = [cellsOf(x), cellsOf(y)];
  const counts = new Float64Array(cellsX.count * cellsY.count);
  for (let i = 0; i < x.length; i++) {
    const cell = (cellsX.of[i] as number) * cellsY.count + (cellsY.of[i] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return tableOfCounts(counts, cellsX.count, cellsY.count);
}

/** @param counts shape [rows, columns], row by row, without empty rows and columns. */
export function tableOfCounts(counts: Float64Array, rows: number, columns: number): Table {
  const rowSums = new Float64Array(rows);
  const columnSums = new Float64Array(columns);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const count = counts[i * columns + j] as number;
      rowSums[i] = (rowSums[i] as number) + count;
      columnSums[j] = (columnSums[j] as number) + count;
      total += count;
    }
  }
  return { rows, columns, total, counts, rowSums, columnSums };
}

/** The table with rows and columns exchanged. */
export function transposed({ rows, columns, counts, ...table }: Table): Table {
  const turned = new Float64Array(counts.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = counts[i * columns + j] as number;
  }
  return {
    rows: columns,
    columns: rows,
    total: table.total,
    counts: turned,
    rowSums: table.columnSums,
    columnSums: table.rowSums,
  };
}

/** Mutual information of the observed frequencies, in nats: the plug-in estimate. */
export function frequencyInformation({
  columns,
  total,
  counts,
  rowSums,
  columnSums,
}: Table): number {
  let sum = 0;
  counts.forEach((count, cell) => {
    if (count === 0) return;
    const row = rowSums[Math.floor(cell / columns)] as number;
    const column = columnSums[cell % columns] as number;
    sum += count * Math.log((count * total) / (row * column));
  });
  return Math.max(0, sum / total);
}
