import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import { pairFigures, reportPairs } from '../../../preference/pair-report.js';
import type { Pairs } from '../../../preference/pairs.js';
import { fitWarnings, pairWarnings } from '../../../preference/warnings.js';
import { endOfReply, pairsReader } from '../reading.js';
import { PairsOptions, type PairsReply, pairsRoute } from './schema.js';

export function pairsRoutes(app: FastifyInstance, config: Config): void {
  const read = pairsReader(PairsOptions, config);

  app.post('/did/pairs', { schema: pairsRoute }, async (request, reply): Promise<PairsReply> => {
    const asked = await read(request, reply);
    const { pairs, ignored } = asked.data;
    const { beta, loss, label_smoothing: labelSmoothing, level, bins, per_pair } = asked.options;
    if (labelSmoothing > 0 && loss !== 'robust') {
      throw new MistdError(
        'invalid_value',
        `label_smoothing belongs to the robust loss; the loss is ${loss}.`,
        { pointer: '/label_smoothing' },
      );
    }
    if (loss === 'ipo') requireTokens(pairs);
    if (per_pair && pairs.count > config.MAX_ROWS) {
      throw new MistdError(
        'too_many_rows',
        `per_pair is for at most ${config.MAX_ROWS} pairs; there are ${pairs.count}.`,
        { pointer: '/per_pair' },
      );
    }
    const start = performance.now();
    const lossOptions = { beta, loss, labelSmoothing };
    const report = await reportPairs(pairs, { ...lossOptions, level, bins });
    asked.signal.throwIfAborted();
    return {
      beta,
      loss,
      pairs: pairs.count,
      prompts: pairs.clusters.count,
      level,
      ...report,
      ...(per_pair ? { per_pair: pairFigures(pairs, lossOptions) } : {}),
      warnings: [...pairWarnings(pairs, ignored), ...fitWarnings(report.beta_fit)],
      ...endOfReply(request, reply, asked, start),
    };
  });
}

function requireTokens({ tokens }: Pairs): void {
  if (tokens !== undefined) return;
  throw new MistdError(
    'missing_field',
    'The ipo loss is of margins a token: every pair needs chosen_tokens and rejected_tokens, or lists of log-probs a token.',
    { pointer: '/pairs' },
  );
}
