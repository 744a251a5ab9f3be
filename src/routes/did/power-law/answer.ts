import { MistdError } from '../../../errors.js';
import type { Prompt } from '../../../preference/candidates.js';
import { regressLogRatios, testPairs } from '../../../preference/power-law.js';
import { candidateWarnings, fitWarnings, pairWarnings } from '../../../preference/warnings.js';
import type { DidAnswer } from '../answer.js';
import { PowerLawOptions, type PowerLawReply } from './schema.js';

export const powerLawAnswer: DidAnswer<typeof PowerLawOptions, PowerLawReply> = {
  takes: { takesPairs: true, candidates: { list: 'candidates', draws: false } },
  options: PowerLawOptions,
  answer({ read, candidates }, options) {
    candidates?.prompts.forEach(requireRejected);
    const tests = read && testPairs(read.pairs, options);
    const counts = read && { pairs: read.pairs.count, prompts: read.pairs.clusters.count };
    return {
      pairs: tests && counts ? { ...counts, ...tests } : null,
      regression: candidates ? regressLogRatios(candidates.prompts, options.level) : null,
      warnings: [
        ...(read ? pairWarnings(read.pairs, read.ignored) : []),
        ...(tests ? fitWarnings(tests.beta_fit) : []),
        ...(candidates ? candidateWarnings(candidates.prompts, candidates) : []),
      ],
    };
  },
};

function requireRejected({ id, candidates }: Prompt): void {
  if (candidates.every(({ rejected }) => rejected !== undefined)) return;
  throw new MistdError(
    'missing_field',
    `A candidate of prompt ${JSON.stringify(id)} has no rejected_logp; the regression needs log-probabilities under π_ref, π_l and π.`,
    { pointer: '/prompts' },
  );
}
