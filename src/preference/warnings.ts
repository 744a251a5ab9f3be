import { logSumExp } from '../maths/log-space.js';
import { listed, type PreferenceWarning } from '../warnings.js';
import type { BetaFit } from './beta-fit.js';
import { type Candidate, MASS_TOLERANCE, type Prompt } from './candidates.js';
import type { Pairs } from './pairs.js';

/** Tokens per completion from which on a sum can be told from an average. */
const MANY_TOKENS = 10;
/** Nats per token over all completions; only almost deterministic text has less. */
const LOW_PER_TOKEN = 0.05;
/** Without token counts: sums over this many completions are rarely all this small, in nats. */
const MANY_COMPLETIONS = 40;
const SMALL_SUM = 6;
/** With fewer prompts, normal intervals over prompts are too narrow. */
const FEW_PROMPTS = 30;

/** Warnings that concern all figures of these pairs. */
export function pairWarnings(pairs: Pairs, ignored: readonly string[]): PreferenceWarning[] {
  const found: PreferenceWarning[] = [];
  const averages = averagedPairs(pairs);
  if (averages !== undefined) found.push(averages);
  found.push(...flooredTokens(pairs.floored));
  if (ignored.length > 0) {
    found.push({
      code: 'ignored_columns',
      message: `These columns are not log-probabilities, token counts or features, and were ignored: ${ignored.slice(0, 20).join(', ')}.`,
    });
  }
  const { count } = pairs.clusters;
  if (count < FEW_PROMPTS) {
    found.push({
      code: 'few_prompts',
      message: `${count} ${count === 1 ? 'prompt is' : 'prompts are'} too few for reliable standard errors; send pairs from at least ${FEW_PROMPTS} prompts.`,
    });
  }
  return found;
}

/** Warnings about a fit of β. */
export function fitWarnings({ status, beta }: BetaFit): PreferenceWarning[] {
  if (status !== 'fitted') {
    return [
      {
        code: 'separated',
        message:
          status === 'constant'
            ? 'All log-ratio margins are 0, so these pairs do not determine β. Check whether policy and reference are the same model.'
            : 'All log-ratio margins have one sign, so no finite β fits best. This is common for pairs that the policy was trained on; fit β on held-out pairs.',
      },
    ];
  }
  if ((beta as number) > 0) return [];
  return [
    {
      code: 'reversed',
      message:
        'The fitted β is not positive: the log ratios of the policy rank rejected above chosen. Check whether chosen and rejected, or policy and reference, are swapped.',
    },
  ];
}

function flooredTokens(count: number): PreferenceWarning[] {
  if (count === 0) return [];
  return [
    {
      code: 'floored_log_probs',
      message: `${count === 1 ? '1 log-probability is' : `${count} log-probabilities are`} exactly −9999, the value that APIs send for tokens outside the most likely ones. The true values are higher, and every figure that includes them is wrong.`,
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
  let impossible = 0;
  for (let i = 0; i < count; i++) {
    const [won, lost] = [chosen[i] as number, rejected[i] as number];
    if (won !== lost && Math.exp(won) + Math.exp(lost) > 1 + 1e-6) impossible++;
  }
  if (impossible > 0) {
    return {
      code: 'averaged_log_probs',
      message: `In ${impossible} ${impossible === 1 ? 'pair' : 'pairs'}, the probabilities of chosen and rejected sum to more than 1, which is impossible for two completions. These log-probabilities look like per-token averages, not sums over tokens.`,
    };
  }
  const policy = spread([chosen, rejected]);
  const reference = spread([refChosen, refRejected]);
  return averagedModels({ policy, reference }, 2 * count, tokens && sum(tokens));
}

function sum({ chosen, rejected }: { chosen: Int32Array; rejected: Int32Array }): number {
  let total = 0;
  for (let i = 0; i < chosen.length; i++) total += (chosen[i] as number) + (rejected[i] as number);
  return total;
}

/** Summarizes the log-probabilities of one model. */
interface Spread {
  /** −Σ log p. */
  readonly total: number;
  readonly smallest: number;
}

function spread(columns: readonly ArrayLike<number>[]): Spread {
  let total = 0;
  let smallest = 0;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      total -= column[i] as number;
      smallest = Math.min(smallest, column[i] as number);
    }
  }
  return { total, smallest };
}

/**
 * Judges each model separately, because averages of only one model do even more harm.
 *
 * @param completions number of completions of each model.
 * @param tokens number of their tokens; undefined if unknown.
 */
function averagedModels(
  models: { policy: Spread; reference: Spread },
  completions: number,
  tokens: number | undefined,
): PreferenceWarning | undefined {
  const looksAveraged = ({ total, smallest }: Spread) =>
    tokens === undefined
      ? completions >= MANY_COMPLETIONS && smallest >= -SMALL_SUM
      : tokens >= MANY_TOKENS * completions && total < LOW_PER_TOKEN * tokens;
  const names = (['policy', 'reference'] as const).filter((name) => looksAveraged(models[name]));
  if (names.length === 0) return undefined;
  const whose = names.length === 2 ? 'policy and the reference' : names[0];
  const message =
    tokens === undefined
      ? `No log-probability under the ${whose} is below −${SMALL_SUM}. Unless the completions have only a few tokens, these look like per-token averages, not sums over tokens; send token counts to be sure.`
      : `The log-probabilities under the ${whose} come to ${names.map((name) => (models[name].total / tokens).toPrecision(2)).join(' and ')} nats per token. They look like per-token averages, not sums over tokens.`;
  return { code: 'averaged_log_probs', message };
}

/** With a smaller effective sample size, importance weights are unreliable. */
const FEW_EFFECTIVE = 10;
/** If one draw has a larger share of the weight, importance weights are unreliable. */
const HEAVY = 0.5;

/** Warnings about weights that are concentrated on a few draws. */
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
      message: `The weights of these prompts are concentrated on a few draws (effective sample size below ${FEW_EFFECTIVE}, or one draw with over half of the weight): ${listed(low.map(({ id }) => id))}. Do not rely on their figures or standard errors; draw more completions, or shorter ones.`,
    },
  ];
}

/** Warnings about the log-probabilities of candidates. */
export function candidateWarnings(
  prompts: readonly Prompt[],
  { floored, merged, distinct }: { floored: number; merged: readonly string[]; distinct: boolean },
): PreferenceWarning[] {
  const found: PreferenceWarning[] = [];
  const masses = prompts.map(({ candidates }) =>
    (['policy', 'reference'] as const).map((model) =>
      logSumExp(candidates.map((candidate) => candidate[model])),
    ),
  );
  const heavy = prompts.filter(
    (_, p) => distinct && masses[p]?.some((logMass) => logMass > MASS_TOLERANCE),
  );
  if (heavy.length > 0) {
    found.push({
      code: 'mass_above_one',
      message: `The probabilities of the candidates of these prompts sum to more than 1: ${listed(heavy.map(({ id }) => id))}. The log-probabilities look like per-token averages, not sums over tokens, or some candidates are the same completion.`,
    });
  } else if (!masses.flat().every((logMass) => Math.abs(logMass) <= MASS_TOLERANCE)) {
    const averages = averagedCandidates(prompts.flatMap(({ candidates }) => candidates));
    if (averages !== undefined) found.push(averages);
  }
  found.push(...flooredTokens(floored));
  if (merged.length > 0) {
    found.push({
      code: 'duplicate_candidates',
      message: `These candidates were sent more than once and are counted once: ${listed(merged)}.`,
    });
  }
  return found;
}

function averagedCandidates(candidates: readonly Candidate[]): PreferenceWarning | undefined {
  const known = candidates.filter(({ tokens }) => tokens !== undefined);
  const judged = known.length > 0 ? known : candidates;
  const of = (model: 'policy' | 'reference') => spread([judged.map((one) => one[model])]);
  const tokens =
    known.length > 0 ? known.reduce((sum, one) => sum + (one.tokens as number), 0) : undefined;
  return averagedModels(
    { policy: of('policy'), reference: of('reference') },
    judged.length,
    tokens,
  );
}
