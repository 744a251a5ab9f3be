import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import type { Pairs } from '../../../preference/pairs.js';
import type { Threads } from '../../../threads/threads.js';
import { endOfReply, pairsReader } from '../reading.js';
import { PairsOptions, type PairsReply, pairsRoute } from './schema.js';

export function pairsRoutes(app: FastifyInstance, threads: Threads, config: Config): void {
  const read = pairsReader(PairsOptions, threads, config);

  app.post('/did/pairs', { schema: pairsRoute }, async (request, reply): Promise<PairsReply> => {
    const asked = await read(request, reply);
    const { pairs } = asked.data;
    const { count, clusters } = pairs;
    const { beta, loss, label_smoothing: labelSmoothing, level, bins, per_pair } = asked.options;
    if (labelSmoothing > 0 && loss !== 'robust') {
      throw new MistdError(
        'invalid_value',
        `label_smoothing belongs to the robust loss; the loss is ${loss}.`,
        { pointer: '/label_smoothing' },
      );
    }
    if (loss === 'ipo') requireTokens(pairs);
    if (per_pair && count > config.MAX_ROWS) {
      throw new MistdError(
        'too_many_rows',
        `per_pair is for at most ${config.MAX_ROWS} pairs; there are ${count}.`,
        { pointer: '/per_pair' },
      );
    }
    const start = performance.now();
    const options = { beta, loss, labelSmoothing, level, bins, perPair: per_pair };
    const { report, perPair, warnings } = await threads.report(
      { ...asked.data, options },
      asked.signal,
    );
    return {
      beta,
      loss,
      pairs: count,
      prompts: clusters.count,
      level,
      ...report,
      ...(perPair === undefined ? {} : { per_pair: perPair }),
      warnings,
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
