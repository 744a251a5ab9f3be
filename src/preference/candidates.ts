/** How far from 1 the probabilities of all completions may sum, from rounding. */
export const MASS_TOLERANCE = 1e-6;

/** One completion of a prompt; log-probabilities are sums over completion tokens, in nats. */
export interface Candidate {
  readonly id: string;
  /** log π. */
  readonly policy: number;
  /** log π_ref. */
  readonly reference: number;
  /** log π_l under the distribution that rejected completions come from; undefined if unknown. */
  readonly rejected: number | undefined;
  readonly tokens: number | undefined;
}

/** The completions of one prompt. */
export interface Prompt {
  readonly id: string;
  readonly candidates: readonly Candidate[];
}

/** ℓ = log π − log π_ref of each candidate. */
export function logRatios({ candidates }: Prompt): Float64Array {
  return Float64Array.from(candidates, ({ policy, reference }) => policy - reference);
}
