import { logSumExp } from '../maths/log-space.js';
import { listed, type PreferenceWarning } from '../warnings.js';
import type { BetaFit } from './beta-fit.js';
import type { Candidate, Prompt } from './candidates.js';
import type { Pairs } from './pairs.js';

/** How far from 1 probabilities of a whole support may sum. */
const ROUNDING = 1e-6;
/** A sum over this many tokens or more is told from an average. */
const MANY_TOKENS = 10;
/** Nats a token, over all completions: text that surprises a model so little is all but fixed. */
const AVERAGE_A_TOKEN = 0.05;
/** Without token counts: sums of so many completions rarely all stay so small. */
const SMALL_SUM = 6;
const MANY_COMPLETIONS = 40;
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
      message: `${count === 1 ? '1 log-prob is' : `${count} log-probs are`} exactly −9999, which APIs send for tokens outside the likeliest ones: the true values are higher, and every figure that includes them is off.`,
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
      message: `In ${impossible} ${impossible === 1 ? 'pair' : 'pairs'} the probabilities of chosen and rejected sum to more than 1, which two completions cannot: these log-probs look like averages a token, not sums over tokens.`,
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

/** Of the log-probs of one model. */
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
 * Each model by itself: an average beside a sum is worse than two averages.
 *
 * @param completions of each model.
 * @param tokens of all of them; undefined if not known.
 */
function averagedModels(
  models: { policy: Spread; reference: Spread },
  completions: number,
  tokens: number | undefined,
): PreferenceWarning | undefined {
  const looksAveraged = ({ total, smallest }: Spread) =>
    tokens === undefined
      ? completions >= MANY_COMPLETIONS && smallest >= -SMALL_SUM
      : tokens >= MANY_TOKENS * completions && total < AVERAGE_A_TOKEN * tokens;
  const names = (['policy', 'reference'] as const).filter((name) => looksAveraged(models[name]));
  if (names.length === 0) return undefined;
  const whose = names.length === 2 ? 'policy and the reference' : names[0];
  const message =
    tokens === undefined
      ? `No log-prob of the ${whose} is below −${SMALL_SUM}: unless the completions are a few tokens long, these look like averages a token, not sums. Sending token counts settles it.`
      : `The log-probs of the ${whose} come to ${names.map((name) => (models[name].total / tokens).toPrecision(2)).join(' and ')} nats a token: they look like averages a token, not sums over tokens.`;
  return { code: 'averaged_log_probs', message };
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
      message: `The weights of ${listed(low.map(({ id }) => id))} lean on a few draws (effective sample size below ${FEW_EFFECTIVE}, or one draw of over half the weight): these figures, their standard errors included, are not to be trusted. Draw more, or shorter completions.`,
    },
  ];
}

/** What the candidates of prompts show about their log-probs. */
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
    (_, p) => distinct && masses[p]?.some((logMass) => logMass > ROUNDING),
  );
  if (heavy.length > 0) {
    found.push({
      code: 'mass_above_one',
      message: `The probabilities of the candidates of ${listed(heavy.map(({ id }) => id))} sum to more than 1, which different completions cannot: the log-probs look like averages a token, not sums, or some candidates are the same.`,
    });
  } else if (!masses.flat().every((logMass) => Math.abs(logMass) <= ROUNDING)) {
    const averages = averagedCandidates(prompts.flatMap(({ candidates }) => candidates));
    if (averages !== undefined) found.push(averages);
  }
  found.push(...flooredTokens(floored));
  if (merged.length > 0) {
    found.push({
      code: 'duplicate_candidates',
      message: `Candidates that came more than once count once: ${listed(merged)}.`,
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
