import type { Static } from 'typebox';
import type { SecondOpinion } from '../../classical/second-opinion.js';
import { summarize } from '../../estimation/estimate.js';
import type { ModelAnswer } from '../../estimation/question.js';
import { rowsDropped } from '../../estimation/warnings.js';
import type { ReadSamples } from '../../formats/samples.js';
import { endModelReply, type modelTiming, type RequestStamp } from '../../http/reply.js';
import { samplesReply } from '../../http/samples.js';
import type { Manifest } from '../../inference/manifest.js';
import type { EstimateOptions, EstimateReply } from './schema.js';

/** Makes the reply for one estimate, of POST /estimate or of a line of a batch. */
export function estimateReply(
  stamp: RequestStamp,
  {
    data,
    options,
  }: Pick<ReadSamples<'x' | 'y', typeof EstimateOptions>, 'data'> & {
    readonly options: Omit<Static<typeof EstimateOptions>, 'checks'>;
  },
  model: Manifest,
  answer: ModelAnswer,
  timing: ReturnType<typeof modelTiming>,
  opinion?: SecondOpinion,
): EstimateReply {
  const { quantiles: taus, level, unit, id } = options;
  const summary = summarize(answer, model, { taus, level, unit }, data.named, opinion);
  const warnings = [...rowsDropped(data), ...summary.warnings];
  const result = { ...summary, samples: samplesReply(data), warnings };
  return endModelReply(stamp, result, { id, unit, model, timing });
}
