/**
 * Every warning a reply can carry: what it means and what to do about it. Codes are stable; clients
 * may switch on them. Replies list warnings in the order of these tables. docs/warnings.md is
 * generated from them.
 */

type WarningTable = Record<string, { readonly meaning: string; readonly action: string }>;

/** Warnings about samples and estimates. */
const ESTIMATE_WARNINGS = {
  few_rows: {
    meaning:
      'There are few rows, so the interval is wide and depends on the training distribution.',
    action: 'Collect more rows; a few hundred give a useful interval.',
  },
  outside_trained_range: {
    meaning: 'The numbers of rows and columns are outside the range that the model was trained on.',
    action:
      'Treat the interval with caution; send fewer columns, or compare with a classical estimate ("checks": true).',
  },
  constant_column: {
    meaning: 'A column has the same value in every row, so it carries no information.',
    action: 'Check the column, or leave it out.',
  },
  redundant_column: {
    meaning:
      'A column orders the rows exactly as an earlier column of its side does, so it adds no information.',
    action: 'No action is needed; the estimate ignores the column.',
  },
  dummy_columns: {
    meaning:
      'Several two-valued columns together encode one label per row; the model reads them as one column.',
    action: 'No action is needed; to be explicit, send the labels themselves.',
  },
  ties: {
    meaning: 'A column has few distinct values.',
    action: 'If there are many such columns, treat the interval as too narrow.',
  },
  duplicate_rows: {
    meaning: 'More rows repeat an earlier row than ties in the columns explain.',
    action: 'Remove copied rows: they make dependence look stronger and more certain than it is.',
  },
  near_deterministic: {
    meaning: 'One side almost determines a column of the other.',
    action:
      'Check whether one column is derived from another; treat the estimate as a lower bound.',
  },
  serial_dependence: {
    meaning:
      'Rows depend on the rows before them, so the data hold less information than their number suggests.',
    action: 'Treat intervals as too narrow; thin the series, or rely on the p-values.',
  },
  rows_dropped: {
    meaning: 'Rows with missing values were left out.',
    action: 'Check why values are missing: the remaining rows may not represent all rows.',
  },
  classical_disagrees: {
    meaning: 'A classical estimate lies outside the range that the model considers possible.',
    action: 'Plot the data, and compare it with the methods of POST /estimate/classical.',
  },
  reference_model: {
    meaning: 'The published MIST network answered; its estimate depends on units and column order.',
    action: 'Use the default model unless you want to reproduce the paper.',
  },
  no_uncertainty: {
    meaning: 'The model gives one value and no uncertainty.',
    action: 'Ignore the interval and the quantiles; they repeat the value.',
  },
} as const satisfies WarningTable;

/** Warnings about preference data. */
const PREFERENCE_WARNINGS = {
  averaged_log_probs: {
    meaning: 'The log-probabilities look like per-token averages, not sums over tokens.',
    action: 'Send sums over the completion tokens, or one log-probability per token.',
  },
  floored_log_probs: {
    meaning:
      'Some log-probabilities are exactly −9999, the value that APIs send for unlikely tokens.',
    action: 'Score these tokens again; every figure that includes them is wrong.',
  },
  ignored_columns: {
    meaning: 'The table has columns that the route does not use.',
    action: 'Check their names if they should be used.',
  },
  few_prompts: {
    meaning: 'There are few prompts, so standard errors clustered by prompt are unreliable.',
    action: 'Send pairs from at least 30 prompts.',
  },
  separated: {
    meaning: 'No finite β fits best: all log-ratio margins have one sign, or all are 0.',
    action: 'Fit β on held-out pairs.',
  },
  reversed: {
    meaning: 'The fitted β is not positive: the log ratios rank rejected above chosen.',
    action: 'Check whether chosen and rejected, or policy and reference, are swapped.',
  },
  mass_above_one: {
    meaning: 'The probabilities of different completions of one prompt sum to more than 1.',
    action: 'Send sums of log-probabilities, not averages, and distinct candidates.',
  },
  duplicate_candidates: {
    meaning: 'A candidate was sent more than once and is counted once.',
    action: 'Send each candidate once, or name the model that the candidates were drawn from.',
  },
  low_ess: {
    meaning: 'A few draws carry almost all of the weight.',
    action: 'Draw more completions, or shorter ones; do not rely on these figures.',
  },
  subsampled: {
    meaning: 'The figures are based on a random subset of the pairs.',
    action: 'Raise max_pairs to use more pairs.',
  },
} as const satisfies WarningTable;

export const WARNINGS = { ...ESTIMATE_WARNINGS, ...PREFERENCE_WARNINGS };

export type WarningCode = keyof typeof WARNINGS;
type EstimateWarningCode = keyof typeof ESTIMATE_WARNINGS;
type PreferenceWarningCode = keyof typeof PREFERENCE_WARNINGS;

export const WARNING_CODES = Object.keys(WARNINGS) as WarningCode[];
export const ESTIMATE_WARNING_CODES = Object.keys(ESTIMATE_WARNINGS) as EstimateWarningCode[];
export const PREFERENCE_WARNING_CODES = Object.keys(PREFERENCE_WARNINGS) as PreferenceWarningCode[];

export interface Warning<Code extends WarningCode = WarningCode> {
  readonly code: Code;
  /** Describes what was found in this request. */
  readonly message: string;
}

export type EstimateWarning = Warning<EstimateWarningCode>;
export type PreferenceWarning = Warning<PreferenceWarningCode>;

/** Sorts warnings in the order of the tables. */
export function inOrder<Code extends WarningCode>(
  warnings: readonly Warning<Code>[],
): Warning<Code>[] {
  return [...warnings].sort(
    (a, b) => WARNING_CODES.indexOf(a.code) - WARNING_CODES.indexOf(b.code),
  );
}

/** Lists names for a message: the first five, and the number of further ones. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
