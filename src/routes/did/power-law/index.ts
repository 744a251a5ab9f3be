import type { FastifyInstance } from 'fastify';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import type { Prompt } from '../../../preference/candidates.js';
import { regressLogRatios } from '../../../preference/power-law.js';
import { candidateWarnings } from '../../../preference/warnings.js';
import type { Threads } from '../../../threads/threads.js';
import { bodyReader, endOfReply } from '../reading.js';
import { PowerLawOptions, type PowerLawReply, powerLawRoute } from './schema.js';

export function powerLawRoutes(app: FastifyInstance, threads: Threads, config: Config): void {
  const candidates = { list: 'candidates', draws: false } as const;
  const readBody = bodyReader(PowerLawOptions, { takesPairs: true, candidates }, threads, config);

  app.post(
    '/did/power-law',
    { schema: powerLawRoute },
    async (request, reply): Promise<PowerLawReply> => {
      const asked = await readBody(request, reply);
      const { read, candidates } = asked.data;
      const { options, signal } = asked;
      candidates?.prompts.forEach(requireRejected);
      const start = performance.now();
      const regression = candidates && regressLogRatios(candidates.prompts, options.level);
      const counts = read && { pairs: read.pairs.count, prompts: read.pairs.clusters.count };
      const result = read && (await threads.powerLaw({ ...read, options }, signal));
      return {
        pairs: result && counts ? { ...counts, ...result.tests } : null,
        regression: regression ?? null,
        warnings: [
          ...(result?.warnings ?? []),
          ...(candidates ? candidateWarnings(candidates.prompts, candidates) : []),
        ],
        ...endOfReply(request, reply, asked, start),
      };
    },
  );
}

function requireRejected({ id, candidates }: Prompt): void {
  if (candidates.every(({ rejected }) => rejected !== undefined)) return;
  throw new MistdError(
    'missing_field',
    `A candidate of prompt ${JSON.stringify(id)} has no rejected_logp; the regression needs log-probs under all of π_ref, π_l and π.`,
    { pointer: '/prompts' },
  );
}
