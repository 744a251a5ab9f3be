export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = (sorted.length - 1) / 2;
  return (at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2;
}

/** The order statistic at each share; share 1 is the maximum. */
export function percentiles(values: readonly number[], shares: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) =>
    at(sorted, Math.min(sorted.length - 1, Math.floor(share * sorted.length))),
  );
}

function at(sorted: Float64Array, place: number): number {
  return sorted[place] ?? Number.NaN;
}
