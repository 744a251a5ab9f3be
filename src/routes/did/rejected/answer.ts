import { rejectedPrompts } from '../../../preference/rejected.js';
import { candidateWarnings, weightWarnings } from '../../../preference/warnings.js';
import { aboutPrompts } from '../answer.js';
import { RejectedOptions, type RejectedReply } from './schema.js';

export const rejectedAnswer = aboutPrompts<typeof RejectedOptions, RejectedReply>(
  { list: 'candidates', draws: true },
  RejectedOptions,
  (read, { beta, proposal, draws, seed }) => {
    const prompts = rejectedPrompts(read.prompts, { source: proposal, beta, draws, seed });
    return {
      beta,
      proposal,
      prompts,
      warnings: [
        ...candidateWarnings(read.prompts, read),
        // Over the whole support, weights are exact probabilities, so uneven ones need no warning.
        ...(proposal === 'support' ? [] : weightWarnings(prompts)),
      ],
    };
  },
);
