import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { agrees, type Check, rowsToCheck } from '../../classical/check.js';
import type { Config } from '../../config.js';
import { distributionOf, summarize } from '../../estimation/estimate.js';
import { fromNats, type Unit } from '../../estimation/units.js';
import { classicalDisagrees, rowsDropped } from '../../estimation/warnings.js';
import { readJsonData } from '../../formats/data.js';
import type { Engine } from '../../inference/engine.js';
import type { ProblemEstimate } from '../../inference/estimate-task.js';
import type { Manifest } from '../../inference/manifest.js';
import type { PoolResult } from '../../inference/pool.js';
import { estimateSpread } from '../../inference/spread.js';
import { deadline } from '../../plugins/deadline.js';
import { readRequest } from '../../plugins/formats.js';
import type { Prepared } from '../../samples/prepare.js';
import type { SampleLimits, Samples } from '../../samples/samples.js';
import type { Threads } from '../../threads/threads.js';
import { compileCheck } from '../../validation.js';
import { dataLimits, samplesReply, unchecked } from '../data/index.js';
import { modelIdentity } from '../models/index.js';
import {
  ESTIMATE_FIELDS,
  EstimateOptions,
  type EstimateReply,
  estimateRoute,
  estimateSchemas,
  LINE_FIELDS,
} from './schema.js';

const checkOptions = compileCheck(EstimateOptions);

export function estimateRoutes(
  app: FastifyInstance,
  engine: Engine,
  threads: Threads,
  config: Config,
): void {
  for (const schema of estimateSchemas) app.addSchema(schema);
  const limits = dataLimits(config);

  app.post(
    '/estimate',
    { schema: estimateRoute, validatorCompiler: unchecked },
    async (request, reply): Promise<EstimateReply> => {
      const start = performance.now();
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const { data, fields } = await readRequest(request, ESTIMATE_FIELDS, limits, threads, signal);
      const options = checkOptions(fields);
      const asked = { data, samples: data.samples, options, parseMs: performance.now() - start };
      const manifest = engine.model(options.model, '/model');
      const { samples } = data;
      // A copy: the model's thread takes the samples' memory with it.
      const checking = options.checks
        ? threads.check(rowsToCheck(samples, options.seed ?? 0), signal)
        : undefined;
      checking?.catch(() => {});
      const result = await estimateSpread(engine, manifest, samples, signal);
      const [estimate] = result.estimates as [ProblemEstimate];
      const answer = { estimate, check: await checking };
      return estimateReply(asked, manifest, answer, result, reply.elapsedTime, request.id);
    },
  );
}

/** A body that asks for one estimate. */
export interface AskedEstimate {
  readonly data: Prepared;
  readonly samples: Samples;
  readonly options: Static<typeof EstimateOptions>;
  readonly parseMs: number;
}

/**
 * Reads a line of JSON that asks for one estimate.
 *
 * @throws MistdError with the JSON pointer of what is wrong.
 */
export function readEstimate(bytes: Buffer, limits: SampleLimits): AskedEstimate {
  const start = performance.now();
  const { data, fields } = readJsonData(bytes, LINE_FIELDS, limits);
  const options = checkOptions(fields);
  return { data, samples: data.samples, options, parseMs: performance.now() - start };
}

/**
 * @param totalMs since the request arrived.
 * @param id if the body gave none.
 */
export function estimateReply(
  { data, options, parseMs }: AskedEstimate,
  manifest: Manifest,
  { estimate, check }: { estimate: ProblemEstimate; check?: Check | undefined },
  { queueMs, encodeMs, inferenceMs }: PoolResult,
  totalMs: number,
  id: string,
): EstimateReply {
  const { quantiles: taus, level, unit } = options;
  const { warnings, ...summary } = summarize(estimate, manifest, { taus, level, unit }, data.names);
  const checked = check && { check, agrees: agrees(check, certainInterval(estimate, manifest)) };
  const more = [
    rowsDropped(data),
    checked?.agrees === false ? classicalDisagrees(checked.check, unit) : undefined,
  ];
  return {
    ...summary,
    ...targetShare(summary.estimate, data, unit),
    ...(checked === undefined ? {} : { check: checkReply(checked.check, checked.agrees, unit) }),
    model: modelIdentity(manifest),
    samples: samplesReply(data),
    warnings: [...warnings, ...more.filter((warning) => warning !== undefined)],
    timing: {
      parse_ms: parseMs,
      queue_ms: queueMs,
      encode_ms: encodeMs,
      inference_ms: inferenceMs,
      total_ms: totalMs,
    },
    id: options.id ?? id,
  };
}

/** An interval that holds nearly all that the model thinks possible, in nats. */
function certainInterval(estimate: ProblemEstimate, manifest: Manifest) {
  return distributionOf(estimate, manifest).interval(0.99);
}

/** Of a discrete y: its entropy, and the share of it that x tells. */
function targetShare(estimate: number, { entropyY }: Prepared, unit: Unit) {
  if (entropyY === undefined || entropyY === 0) return {};
  const entropy_y = fromNats(entropyY, unit);
  return { entropy_y, uncertainty_coefficient: Math.min(1, estimate / entropy_y) };
}

function checkReply({ method, nats, standardError, rows }: Check, agree: boolean, unit: Unit) {
  return {
    method,
    estimate: fromNats(nats, unit),
    standard_error: fromNats(standardError, unit),
    rows,
    agrees: agree,
  };
}
