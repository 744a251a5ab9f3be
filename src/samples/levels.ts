/** A distinct value of a column of labels. */
export interface Level {
  readonly value: number;
  readonly label: string;
}

/**
 * The distinct values, most frequent first, without missing values.
 *
 * @param labelOf the label of a value; equally frequent values are sorted by label.
 */
export function levelsByCount(
  values: Float64Array,
  labelOf: (value: number) => string = String,
): readonly Level[] {
  const counts = new Map<number, number>();
  for (const value of values) {
    if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count, label: labelOf(value) }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}

/** Replaces each value by its index among the levels. Missing values stay missing. */
export function numbered(values: Float64Array, levels: readonly Level[]): Float64Array {
  const places = new Map(levels.map(({ value }, place) => [value, place]));
  return values.map((value) => places.get(value) ?? Number.NaN);
}
