// Writes pairs.ndjson: preference pairs with log-probs a token, of three small Markov chains that
// stand for language models. No real model was run. Run it with: node examples/did/simulate.js
import { writeFile } from 'node:fs/promises';

const TOKENS = 12;
const END = 0;
const PROMPTS = 120;
const PAIRS_A_PROMPT = 2;
const DRAWS = 64;
const BETA = 0.3;

const uniform = mulberry32(20250523);
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** @typedef {number[][]} Chain log-probs of the next token, a row a token; row 0 starts */
/** @typedef {{ tokens: number[], policy: number[], ref: number[], ratio: number }} Completion */

const lines = [];
for (let p = 0; p < PROMPTS; p++) {
  const reference = chain(() => 1.2 * normal());
  const policy = chain((from, to) => (reference[from]?.[to] ?? 0) + 0.5 * normal());
  for (let pair = 0; pair < PAIRS_A_PROMPT; pair++) {
    // Chosen from the reference; rejected from draws of it, weighted by exp(−β ℓ): the distribution
    // from which DPO learns just this policy. Which is which, then, is σ(β δ).
    const chosen = completion(reference, policy);
    const draws = Array.from({ length: DRAWS }, () => completion(reference, policy));
    const rejected = pick(
      draws,
      draws.map(({ ratio }) => Math.exp(-BETA * ratio)),
    );
    lines.push(
      JSON.stringify({
        prompt_id: `prompt-${p}`,
        chosen_logps: chosen.policy,
        rejected_logps: rejected.policy,
        ref_chosen_logps: chosen.ref,
        ref_rejected_logps: rejected.ref,
        features: {
          length: chosen.tokens.length - rejected.tokens.length,
          repeats: repeats(chosen.tokens) - repeats(rejected.tokens),
        },
      }),
    );
  }
}
await writeFile(new URL('pairs.ndjson', import.meta.url), `${lines.join('\n')}\n`);

/**
 * @param {(from: number, to: number) => number} logit
 * @returns {Chain}
 */
function chain(logit) {
  return Array.from({ length: TOKENS }, (_, from) => {
    const logits = Array.from({ length: TOKENS }, (_, to) => logit(from, to));
    const z = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    return logits.map((value) => value - z);
  });
}

/**
 * One completion drawn from the reference, with both models' log-probs of its tokens.
 *
 * @param {Chain} reference
 * @param {Chain} policy
 * @returns {Completion}
 */
function completion(reference, policy) {
  const tokens = [];
  const [underPolicy, underReference] = [[], []].map(() => /** @type {number[]} */ ([]));
  let last = END;
  do {
    const row = reference[last] ?? [];
    const next = pick([...row.keys()], row.map(Math.exp));
    underPolicy?.push(round(policy[last]?.[next] ?? 0));
    underReference?.push(round(row[next] ?? 0));
    tokens.push(next);
    last = next;
  } while (last !== END);
  const sum = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0);
  const [a, b] = [underPolicy ?? [], underReference ?? []];
  return { tokens, policy: a, ref: b, ratio: sum(a) - sum(b) };
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {readonly number[]} weights
 * @returns {T}
 */
function pick(items, weights) {
  let at = uniform() * weights.reduce((a, b) => a + b, 0);
  const found = weights.findIndex((weight) => {
    at -= weight;
    return at < 0;
  });
  return /** @type {T} */ (items.at(found));
}

/** @param {readonly number[]} tokens */
function repeats(tokens) {
  return tokens.filter((token, i) => i > 0 && token === tokens[i - 1]).length;
}

/** @param {number} value */
function round(value) {
  return Number(value.toFixed(3));
}

/** @param {number} seed */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
