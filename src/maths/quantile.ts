/**
 * The quantile at tau, interpolated linearly between order statistics (type 7 of Hyndman & Fan
 * 1996, NumPy's default).
 *
 * @param sorted ascending, at least one value.
 * @param tau in [0, 1].
 */
export function quantileOfSorted(sorted: ArrayLike<number>, tau: number): number {
  const place = tau * (sorted.length - 1);
  const below = Math.floor(place);
  const share = place - below;
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low * (1 - share) + high * share;
}
