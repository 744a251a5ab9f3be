/** Draws as large as the statistic that end a test early: its p-value is then known to a fifth. */
export const ENOUGH_EXCEEDANCES = 20;
/** Draws are asked for in rounds of so many, which share runs of the model. */
const ROUND = 64;

export interface PermutationTest {
  readonly p_value: number;
  /** Monte Carlo standard error of the p-value. */
  readonly p_value_error: number;
  /** Draws that it rests on. */
  readonly permutations: number;
}

/**
 * A permutation test that may stop early (Besag & Clifford, "Sequential Monte Carlo p-values",
 * Biometrika 78, 1991): draws go on until ENOUGH_EXCEEDANCES of them are at least the statistic,
 * then p = exceedances / draws; or until all are made, then p = (exceedances + 1) / (draws + 1).
 * Either is valid: under the null, P(p ≤ a) ≤ a.
 *
 * @param draw statistics of draws `from` … `from + count − 1` under the null, in their order.
 * @param earlyStop false makes all draws whatever comes.
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
      // The rest of the round is not counted: where to stop must not depend on rounds.
      if (exceedances === enough) return answer(exceedances / draws, draws);
    }
  }
  return answer((exceedances + 1) / (draws + 1), draws);
}

function answer(p: number, permutations: number): PermutationTest {
  return { p_value: p, p_value_error: Math.sqrt((p * (1 - p)) / permutations), permutations };
}
