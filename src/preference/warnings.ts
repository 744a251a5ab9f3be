import type { BetaFit } from './beta-fit.js';
import type { Prompt } from './candidates.js';
import { logSumExp } from './log-space.js';
import type { Pairs } from './pairs.js';

export const PREFERENCE_WARNING_CODES = [
  'averaged_log_probs',
  'floored_log_probs',
  'ignored_columns',
  'few_prompts',
  'separated',
  'reversed',
  'low_ess',
  'mass_above_one',
  'duplicate_candidates',
  'subsampled',
] as const;

export interface PreferenceWarning {
  readonly code: (typeof PREFERENCE_WARNING_CODES)[number];
  readonly message: string;
}

/** A sum over this many tokens or more is told from an average. */
const MANY_TOKENS = 10;
/** Nats a token, over all completions: text that surprises a model so little is all but fixed. */
const AVERAGE_A_TOKEN = 0.05;
/** Without token counts: sums of so many rows rarely all stay so small. */
const SMALL_SUM = 6;
const MANY_ROWS = 20;
/** Below, a normal interval over prompts is too narrow. */
const FEW_PROMPTS = 30;

/** What a reader of any figure of these pairs should know. */
export function pairWarnings(pairs: Pairs, ignored: readonly string[]): PreferenceWarning[] {
  const found: PreferenceWarning[] = [];
  const averages = averagedPairs(pairs);
  if (averages !== undefined) found.push(averages);
  found.push(...flooredTokens(pairs.floored));
  if (ignored.length > 0) {
    found.push({
      code: 'ignored_columns',
      message: `Not log-probs, token counts or features, so not read: ${ignored.slice(0, 20).join(', ')}.`,
    });
  }
  const { count } = pairs.clusters;
  if (count < FEW_PROMPTS) {
    found.push({
      code: 'few_prompts',
      message: `${count} ${count === 1 ? 'prompt is' : 'prompts are'} too few for standard errors to be trusted; ${FEW_PROMPTS} or more make them fair.`,
    });
  }
  return found;
}

/** What a fit of β leaves to be said. */
export function fitWarnings({ status, beta }: BetaFit): PreferenceWarning[] {
  if (status !== 'fitted') {
    return [
      {
        code: 'separated',
        message:
          status === 'constant'
            ? 'No pair has a margin: the policy is the reference on all of them, and β is not determined.'
            : 'The log-ratio margins of all pairs have one sign, so that no finite β fits best. Pairs that the policy was trained on often look so: fit β on held-out pairs.',
      },
    ];
  }
  if ((beta as number) > 0) return [];
  return [
    {
      code: 'reversed',
      message:
        'The fitted β is not positive: the policy’s log ratios order these pairs against the preferences. Are chosen and rejected, or policy and reference, swapped?',
    },
  ];
}

function flooredTokens(count: number): PreferenceWarning[] {
  if (count === 0) return [];
  return [
    {
      code: 'floored_log_probs',
      message: `${count} log-probs are exactly −9999, which APIs send for tokens outside the likeliest ones: the true values are higher, and every figure that includes them is off.`,
    },
  ];
}

function averagedPairs({
  count,
  chosen,
  rejected,
  refChosen,
  refRejected,
  tokens,
}: Pairs): PreferenceWarning | undefined {
  const columns = [chosen, rejected, refChosen, refRejected];
  let total = 0;
  let smallest = 0;
  let impossible = 0;
  for (const column of columns) {
    for (const logp of column) {
      total -= logp;
      smallest = Math.min(smallest, logp);
    }
  }
  for (let i = 0; i < count; i++) {
    const [won, lost] = [chosen[i] as number, rejected[i] as number];
    if (won !== lost && Math.exp(won) + Math.exp(lost) > 1 + 1e-6) impossible++;
  }
  if (impossible > 0) {
    return {
      code: 'averaged_log_probs',
      message: `In ${impossible} ${impossible === 1 ? 'pair' : 'pairs'} the probabilities of chosen and rejected sum to more than 1, which two completions cannot: these log-probs look like averages a token, not sums over tokens.`,
    };
  }
  if (tokens === undefined) {
    if (count < MANY_ROWS || smallest < -SMALL_SUM) return undefined;
    return {
      code: 'averaged_log_probs',
      message: `No log-prob is below −${SMALL_SUM}: unless the completions are a few tokens long, these look like averages a token, not sums. Sending token counts settles it.`,
    };
  }
  let tokenSum = 0;
  for (const list of [tokens.chosen, tokens.rejected]) for (const n of list) tokenSum += 2 * n;
  return averagedSums(total, tokenSum, 4 * count);
}

/**
 * @param total −log p, summed over completions.
 * @param tokens summed over the same completions.
 */
function averagedSums(
  total: number,
  tokens: number,
  completions: number,
): PreferenceWarning | undefined {
  if (tokens < MANY_TOKENS * completions || total >= AVERAGE_A_TOKEN * tokens) return undefined;
  return {
    code: 'averaged_log_probs',
    message: `These log-probs come to ${(total / tokens).toPrecision(2)} nats a token: they look like averages a token, not sums over tokens.`,
  };
}

/** Below, or with one draw of more than half the weight, importance weights say little. */
const FEW_EFFECTIVE = 10;
const HEAVY = 0.5;

/** Weighted draws of prompts that lean on a few of them. */
export function weightWarnings(
  prompts: readonly { id: string; ess: number | null; largest_weight: number | null }[],
): PreferenceWarning[] {
  const low = prompts.filter(
    ({ ess, largest_weight }) =>
      (ess ?? FEW_EFFECTIVE) < FEW_EFFECTIVE || (largest_weight ?? 0) > HEAVY,
  );
  if (low.length === 0) return [];
  return [
    {
      code: 'low_ess',
      message: `The weights of ${list(low.map(({ id }) => id))} lean on a few draws (effective sample size below ${FEW_EFFECTIVE}, or one draw of over half the weight): these figures, their standard errors included, are not to be trusted. Draw more, or shorter completions.`,
    },
  ];
}

/** What the candidates of prompts show about their log-probs. */
export function candidateWarnings(
  prompts: readonly Prompt[],
  { floored, merged, distinct }: { floored: number; merged: readonly string[]; distinct: boolean },
): PreferenceWarning[] {
  const found: PreferenceWarning[] = [];
  const heavy = prompts.filter(
    ({ candidates }) =>
      distinct &&
      (['policy', 'reference'] as const).some(
        (model) => logSumExp(candidates.map((candidate) => candidate[model])) > 1e-6,
      ),
  );
  if (heavy.length > 0) {
    found.push({
      code: 'mass_above_one',
      message: `The probabilities of the candidates of ${list(heavy.map(({ id }) => id))} sum to more than 1, which different completions cannot: the log-probs look like averages a token, not sums, or some candidates are the same.`,
    });
  } else {
    const candidates = prompts.flatMap((prompt) => prompt.candidates);
    const known = candidates.filter(({ tokens }) => tokens !== undefined);
    const total = known.reduce((sum, { policy, reference }) => sum - policy - reference, 0);
    const tokens = known.reduce((sum, candidate) => sum + 2 * (candidate.tokens as number), 0);
    const averages = averagedSums(total, tokens, 2 * known.length);
    if (averages !== undefined && known.length > 0) found.push(averages);
  }
  found.push(...flooredTokens(floored));
  if (merged.length > 0) {
    found.push({
      code: 'duplicate_candidates',
      message: `Candidates that came more than once count once: ${list(merged)}.`,
    });
  }
  return found;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
