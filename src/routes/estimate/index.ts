import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { agrees, type Check, rowsToCheck } from '../../classical/second-opinion.js';
import type { Config } from '../../config.js';
import { distributionOf, summarize } from '../../estimation/estimate.js';
import { fromNats, type Unit } from '../../estimation/units.js';
import { classicalDisagrees, rowsDropped } from '../../estimation/warnings.js';
import { type Form, readJsonData } from '../../formats/table/data.js';
import { PAIR } from '../../formats/table/layout.js';
import { kindsOf } from '../../formats/table/parameters.js';
import type { TableLimits } from '../../formats/table/table.js';
import type { Engine } from '../../inference/engine.js';
import type { ProblemEstimate } from '../../inference/estimate-task.js';
import type { Manifest } from '../../inference/manifest.js';
import type { PoolResult } from '../../inference/model-pool.js';
import { estimateSpread } from '../../inference/spread.js';
import { deadline } from '../../http/deadline.js';
import { readRequest } from '../../http/samples.js';
import type { Prepared, PreparedSide } from '../../samples/prepare.js';
import { matricesOf, type Samples } from '../../samples/samples.js';
import type { Threads } from '../../threads/threads.js';
import { compileCheck } from '../../validation.js';
import { dataLimits, samplesReply, unchecked } from '../../http/samples-reply.js';
import { modelIdentity } from '../models/index.js';
import { EstimateOptions, type EstimateReply, estimateRoute, estimateSchemas } from './schema.js';

const checkOptions = compileCheck(EstimateOptions);

const FORM: Form<'x' | 'y'> = {
  layout: PAIR,
  options: kindsOf(EstimateOptions.properties),
  coding: 'numbers',
};

/** A line of a batch is not checked by classical estimates. */
const { checks: _, ...lineOptions } = FORM.options;
const LINE: Form<'x' | 'y'> = { ...FORM, options: lineOptions };

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
      const { data, fields } = await readRequest(request, FORM, limits, threads, signal);
      const options = checkOptions(fields);
      const samples = matricesOf(data.named);
      const asked = { data, samples, options, parseMs: performance.now() - start };
      const manifest = engine.model(options.model, '/model');
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
  readonly data: Prepared<'x' | 'y'>;
  readonly samples: Samples;
  readonly options: Static<typeof EstimateOptions>;
  readonly parseMs: number;
}

/**
 * Reads a line of JSON that asks for one estimate.
 *
 * @throws MistdError with the JSON pointer of what is wrong.
 */
export function readEstimate(bytes: Buffer, limits: TableLimits): AskedEstimate {
  const start = performance.now();
  const { data, fields } = readJsonData(bytes, LINE, limits);
  const options = checkOptions(fields);
  const samples = matricesOf(data.named);
  return { data, samples, options, parseMs: performance.now() - start };
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
  const { warnings, ...summary } = summarize(estimate, manifest, { taus, level, unit }, data.named);
  const checked = check && { check, agrees: agrees(check, certainInterval(estimate, manifest)) };
  const disagreeing = checked?.agrees === false ? [classicalDisagrees(checked.check, unit)] : [];
  return {
    ...summary,
    ...targetShare(summary.estimate, data.named.y, unit),
    ...(checked === undefined ? {} : { check: checkReply(checked.check, checked.agrees, unit) }),
    model: modelIdentity(manifest),
    samples: samplesReply(data),
    warnings: [...warnings, ...rowsDropped(data), ...disagreeing],
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
function targetShare(estimate: number, { entropy }: PreparedSide, unit: Unit) {
  if (entropy === undefined || entropy === 0) return {};
  const entropy_y = fromNats(entropy, unit);
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
