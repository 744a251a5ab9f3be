const EULER_GAMMA = 0.5772156649015329;

/**
 * Values of the digamma function at positive integers, from ψ(1) = −γ and ψ(n + 1) = ψ(n) + 1/n.
 *
 * @returns ψ(n) at index n, for n in 1…largest; index 0 is unused.
 */
export function digammaTable(largest: number): Float64Array {
  const table = new Float64Array(largest + 1);
  table[1] = -EULER_GAMMA;
  for (let n = 1; n < largest; n++) table[n + 1] = (table[n] as number) + 1 / n;
  return table;
}
