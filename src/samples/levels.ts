/** The distinct values of a column of labels, in the order that gives them their numbers. */
export interface Level {
  readonly value: number;
  readonly label: string;
}

/**
 * The distinct values, the most frequent first.
 *
 * @param labelOf gives a value its label, by which equally frequent ones are ordered.
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

/** Each value's place among the levels. Missing values stay missing. */
export function numbered(values: Float64Array, levels: readonly Level[]): Float64Array {
  const places = new Map(levels.map(({ value }, place) => [value, place]));
  return values.map((value) => places.get(value) ?? Number.NaN);
}
