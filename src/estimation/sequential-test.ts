/**
 * Draws as large as the statistic that end a test early; the p-value's error is then a fifth of it.
 */
export const ENOUGH_EXCEEDANCES = 20;
/** Draws per round; the draws of a round share runs of the model. */
const ROUND = 64;

export interface PermutationTest {
  readonly p_value: number;
  /** Monte Carlo standard error of the p-value. */
  readonly p_value_error: number;
  /** Number of draws made. */
  readonly permutations: number;
}

/**
 * A permutation test that may stop early (Besag & Clifford, "Sequential Monte Carlo p-values",
 * Biometrika 78, 1991). Draws are made until ENOUGH_EXCEEDANCES of them are at least as large as
 * the statistic; then p = exceedances / draws. If all draws are made before that, p = (exceedances
 * + 1) / (draws + 1). Both are valid: under the null hypothesis, P(p ≤ a) ≤ a.
 *
 * @param draw computes the statistics of draws `from` … `from + count − 1` under the null
 *   hypothesis, in order.
 * @param earlyStop if false, all draws are made.
 */
export async function permutationTest(
  statistic: number,
  draw: (from: number, count: number) => Promise<readonly number[]>,
  { permutations, earlyStop }: { permutations: number; earlyStop: boolean },
): Promise<PermutationTest> {
  const enough = earlyStop ? ENOUGH_EXCEEDANCES : Infinity;
  let exceedances = 0;
  let draws = 0;
  while (draws < permutations) {
    for (const value of await draw(draws, Math.min(ROUND, permutations - draws))) {
      draws++;
      if (value >= statistic) exceedances++;
      // The rest of the round is not counted, so that the result does not depend on the round size.
      if (exceedances === enough) return answer(exceedances / draws, draws);
    }
  }
  return answer((exceedances + 1) / (draws + 1), draws);
}

function answer(p: number, permutations: number): PermutationTest {
  return { p_value: p, p_value_error: Math.sqrt((p * (1 - p)) / permutations), permutations };
}
