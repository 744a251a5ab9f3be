import { fromNats } from '../../../estimation/units.js';
import { meanEntropy, promptEntropy } from '../../../preference/entropy.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import { aboutPrompts } from '../answer.js';
import { EntropyOptions, type EntropyReply } from './schema.js';

export const entropyAnswer = aboutPrompts<typeof EntropyOptions, EntropyReply>(
  { list: 'samples', draws: true },
  EntropyOptions,
  (read, { proposal, unit }) => {
    const estimates = read.prompts.map((prompt) => promptEntropy(prompt, proposal));
    const mean = meanEntropy(estimates);
    return {
      proposal,
      unit,
      prompts: estimates.map((estimate) => ({
        ...estimate,
        entropy: fromNats(estimate.entropy, unit),
        standard_error: fromNats(estimate.standard_error, unit),
      })),
      mean: {
        ...mean,
        entropy: fromNats(mean.entropy, unit),
        standard_error: mean.standard_error === null ? null : fromNats(mean.standard_error, unit),
      },
      warnings: [...candidateWarnings(read.prompts, read), ...weightWarnings(estimates)],
    };
  },
);
