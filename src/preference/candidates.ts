/** One completion of a prompt; log-probabilities in nats, sums over completion tokens. */
export interface Candidate {
  readonly id: string;
  /** log π. */
  readonly policy: number;
  /** log π_ref. */
  readonly reference: number;
  /** log π_l of the distribution that rejected completions come from, where it is known. */
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
