/** √(mean of squares). Values are scaled first, so that no square overflows. */
export function rootMeanSquare(column: Float64Array): number {
  const most = largestSize(column);
  if (most === 0) return 0;
  let squares = 0;
  for (let i = 0; i < column.length; i++) squares += ((column[i] as number) / most) ** 2;
  return most * Math.sqrt(squares / column.length);
}

function largestSize(column: Float64Array): number {
  let most = 0;
  for (let i = 0; i < column.length; i++) most = Math.max(most, Math.abs(column[i] as number));
  return most;
}
