// Writes pairs.ndjson: preference pairs with per-token log-probabilities from small Markov chains
// that stand for language models. No real model was run. Run it with: npm run did:simulate
import { writeFile } from 'node:fs/promises';
import { ROOT } from '../../scripts/root.js';

const TOKENS = 12;
const END = 0;
const PROMPTS = 120;
const PAIRS_PER_PROMPT = 2;
const DRAWS = 64;
const BETA = 0.3;

/** Log-probabilities of the next token, one row per token; the chain starts in row 0. */
type Chain = readonly (readonly number[])[];

interface Completion {
  readonly tokens: readonly number[];
  /** Log-probability of each token under the policy and under the reference. */
  readonly policy: readonly number[];
  readonly ref: readonly number[];
  /** log(policy / reference) of the whole completion. */
  readonly ratio: number;
}

const uniform = mulberry32(20250523);
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

const lines: string[] = [];
for (let p = 0; p < PROMPTS; p++) {
  const reference = chain(() => 1.2 * normal());
  const policy = chain((from, to) => (reference[from]?.[to] ?? 0) + 0.5 * normal());
  for (let pair = 0; pair < PAIRS_PER_PROMPT; pair++) {
    // Chosen is drawn from the reference, rejected from the reference weighted by exp(−β ℓ): the
    // distribution from which DPO learns exactly this policy. P(chosen wins) is then σ(β δ).
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
await writeFile(`${ROOT}examples/did/pairs.ndjson`, `${lines.join('\n')}\n`);

function chain(logit: (from: number, to: number) => number): Chain {
  return Array.from({ length: TOKENS }, (_, from) => {
    const logits = Array.from({ length: TOKENS }, (_, to) => logit(from, to));
    const z = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    return logits.map((value) => value - z);
  });
}

/** Draws a completion from the reference. */
function completion(reference: Chain, policy: Chain): Completion {
  const tokens: number[] = [];
  const underPolicy: number[] = [];
  const underReference: number[] = [];
  let last = END;
  do {
    const row = reference[last] ?? [];
    const next = pick([...row.keys()], row.map(Math.exp));
    underPolicy.push(round(policy[last]?.[next] ?? 0));
    underReference.push(round(row[next] ?? 0));
    tokens.push(next);
    last = next;
  } while (last !== END);
  const ratio = sum(underPolicy) - sum(underReference);
  return { tokens, policy: underPolicy, ref: underReference, ratio };
}

function pick<T>(items: readonly T[], weights: readonly number[]): T {
  let at = uniform() * sum(weights);
  const found = weights.findIndex((weight) => {
    at -= weight;
    return at < 0;
  });
  return items.at(found) as T;
}

function repeats(tokens: readonly number[]): number {
  return tokens.filter((token, i) => i > 0 && token === tokens[i - 1]).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}

/** The mulberry32 generator; pairs.ndjson and the figures of docs/did.md depend on its stream. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
