import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import { type ReadPrompts, readPrompts } from '../../../formats/candidates.js';
import type { ReadPairs } from '../../../formats/pair-reader.js';
import { pairsFromJson } from '../../../formats/pairs.js';
import { deadline } from '../../../plugins/deadline.js';
import type { Prompt } from '../../../preference/candidates.js';
import { regressLogRatios, testPairs } from '../../../preference/power-law.js';
import { candidateWarnings, fitWarnings, pairWarnings } from '../../../preference/warnings.js';
import { compileCheck } from '../../../validation.js';
import { endOfReply, jsonBody, streamedPairs } from '../reading.js';
import { PowerLawOptions, type PowerLawReply, powerLawRoute } from './schema.js';

const checkOptions = compileCheck(PowerLawOptions);

interface Asked {
  readonly read: ReadPairs | undefined;
  readonly candidates: ReadPrompts | undefined;
  readonly options: Static<typeof PowerLawOptions>;
}

export function powerLawRoutes(app: FastifyInstance, config: Config): void {
  app.post(
    '/did/power-law',
    { schema: powerLawRoute },
    async (request, reply): Promise<PowerLawReply> => {
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const arrived = performance.now();
      const { read, candidates, options } = Buffer.isBuffer(request.body)
        ? fromJson(request, config)
        : {
            read: await streamedPairs(request, config, signal),
            candidates: undefined,
            options: request.query as Asked['options'],
          };
      const start = performance.now();
      const tests = read && (await testPairs(read.pairs, options));
      const regression = candidates && regressLogRatios(candidates.prompts, options.level);
      signal.throwIfAborted();
      return {
        pairs:
          read && tests
            ? { pairs: read.pairs.count, prompts: read.pairs.clusters.count, ...tests }
            : null,
        regression: regression ?? null,
        warnings: [
          ...(read ? pairWarnings(read.pairs, read.ignored) : []),
          ...(tests ? fitWarnings(tests.beta_fit) : []),
          ...(candidates ? candidateWarnings(candidates.prompts, candidates, true) : []),
        ],
        ...endOfReply(request, reply, { parseMs: start - arrived, options }, start),
      };
    },
  );
}

function fromJson(request: FastifyRequest, config: Config): Asked {
  const { pairs, prompts, rows, ...fields } = jsonBody(request);
  const options = checkOptions(fields);
  const listed = prompts !== undefined || rows !== undefined;
  if (pairs === undefined && !listed) {
    throw new MistdError('missing_field', 'Give pairs, prompts or rows.', { pointer: '/pairs' });
  }
  const candidates = listed
    ? readPrompts(
        { prompts, rows },
        {
          list: 'candidates',
          distinct: true,
          support: false,
          maxCandidates: config.MAX_PAIRS,
        },
      )
    : undefined;
  candidates?.prompts.forEach(requireRejected);
  return {
    read: pairs === undefined ? undefined : pairsFromJson(pairs, config.MAX_PAIRS),
    candidates,
    options,
  };
}

function requireRejected({ id, candidates }: Prompt): void {
  if (candidates.every(({ rejected }) => rejected !== undefined)) return;
  throw new MistdError(
    'missing_field',
    `A candidate of prompt ${JSON.stringify(id)} has no rejected_logp; the regression needs log-probs under all of π_ref, π_l and π.`,
    { pointer: '/prompts' },
  );
}
