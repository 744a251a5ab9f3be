import { MistdError } from '../../../errors.js';
import type { ReadPairs } from '../../../formats/preference/pair-reader.js';
import { pairFigures, reportPairs } from '../../../preference/pair-report.js';
import type { Pairs } from '../../../preference/pairs.js';
import { fitWarnings, pairWarnings } from '../../../preference/warnings.js';
import type { DidAnswer } from '../answer.js';
import { PairsOptions, type PairsReply } from './schema.js';

export const pairsAnswer: DidAnswer<typeof PairsOptions, PairsReply> = {
  takes: { takesPairs: true, candidates: undefined },
  options: PairsOptions,
  checkTogether({ loss, label_smoothing: labelSmoothing }) {
    if (labelSmoothing === 0 || loss === 'robust') return;
    throw new MistdError(
      'invalid_value',
      `label_smoothing is an option of the robust loss, but the loss is ${loss}.`,
      { pointer: '/label_smoothing' },
    );
  },
  answer(data, { beta, loss, label_smoothing: labelSmoothing, level, bins, per_pair }, limits) {
    const { pairs, ignored } = data.read as ReadPairs;
    const { count, clusters } = pairs;
    if (loss === 'ipo') requireTokens(pairs);
    if (per_pair && count > limits.maxRows) {
      throw new MistdError(
        'too_many_rows',
        `per_pair supports at most ${limits.maxRows} pairs; the request has ${count}.`,
        { pointer: '/per_pair' },
      );
    }
    const lossOptions = { beta, loss, labelSmoothing };
    const report = reportPairs(pairs, { ...lossOptions, level, bins });
    return {
      beta,
      loss,
      pairs: count,
      prompts: clusters.count,
      level,
      ...report,
      ...(per_pair ? { per_pair: pairFigures(pairs, lossOptions) } : {}),
      warnings: [...pairWarnings(pairs, ignored), ...fitWarnings(report.beta_fit)],
    };
  },
};

function requireTokens({ tokens }: Pairs): void {
  if (tokens !== undefined) return;
  throw new MistdError(
    'missing_field',
    'The ipo loss uses per-token margins: every pair needs chosen_tokens and rejected_tokens, or lists with one log-probability per token.',
    { pointer: '/pairs' },
  );
}
