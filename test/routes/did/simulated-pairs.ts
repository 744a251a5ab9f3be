import { normals, uniforms } from '../../data.js';

/** Preference pairs with lengths, in which choices follow σ(0.3 δ + extra). */
export function simulatedPairs(
  count: number,
  extra: (margin: number, length: number) => number,
  seed = 11,
) {
  const [normal, uniform] = [normals(seed), uniforms(seed + 1)];
  return Array.from({ length: count }, (_, prompt_id) => {
    const ratios = [4 * normal(), 4 * normal()];
    const lengths = [20 + Math.floor(20 * uniform()), 20 + Math.floor(20 * uniform())];
    const [a = 0, b = 0] = ratios;
    const margin = a - b;
    const difference = (lengths[0] ?? 0) - (lengths[1] ?? 0);
    const first = uniform() < 1 / (1 + Math.exp(-0.3 * margin - extra(margin, difference)));
    const [w, l] = first ? [0, 1] : [1, 0];
    return {
      prompt_id,
      chosen_logps: -60 + (ratios[w] ?? 0),
      rejected_logps: -60 + (ratios[l] ?? 0),
      ref_chosen_logps: -60,
      ref_rejected_logps: -60,
      chosen_tokens: lengths[w],
      rejected_tokens: lengths[l],
      features: { length: (lengths[w] ?? 0) - (lengths[l] ?? 0) },
    };
  });
}
