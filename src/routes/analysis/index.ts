import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config.js';
import type { Estimator } from '../../estimation/estimate.js';
import type { Unit } from '../../estimation/units.js';
import type { TableLimits } from '../../formats/json-table.js';
import type { Engine } from '../../inference/engine.js';
import { Job } from '../../inference/job.js';
import type { Manifest } from '../../inference/manifest.js';
import { deadline } from '../../plugins/deadline.js';
import { modelIdentity } from '../models/index.js';
import type { ModelIdentity } from '../models/schema.js';

/** A request whose body has been read. */
export interface AnalysisRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** performance.now() when reading began. */
  readonly start: number;
  readonly options: {
    readonly unit: Unit;
    readonly model?: string;
    readonly id?: string;
  };
}

export interface AnalysisReply {
  readonly unit: Unit;
  readonly model: ModelIdentity;
  readonly timing: {
    readonly parse_ms: number;
    readonly queue_ms: number;
    readonly encode_ms: number;
    readonly inference_ms: number;
    readonly total_ms: number;
  };
  readonly id: string;
}

/**
 * Runs an analysis with the model that the request names, until its deadline, and adds what every
 * reply carries.
 */
export async function analyze<T>(
  engine: Engine,
  config: Config,
  { request, reply, start, options }: AnalysisRequest,
  analysis: (estimate: Estimator, manifest: Manifest) => Promise<T>,
): Promise<T & AnalysisReply> {
  const parse_ms = performance.now() - start;
  const manifest = engine.model(options.model, '/model');
  const job = new Job(engine, manifest, deadline(reply, config.REQUEST_TIMEOUT_MS));
  const result = await analysis(job.estimate, manifest);
  const { queueMs, encodeMs, inferenceMs } = job.timing;
  return {
    ...result,
    unit: options.unit,
    model: modelIdentity(manifest),
    timing: {
      parse_ms,
      queue_ms: queueMs,
      encode_ms: encodeMs,
      inference_ms: inferenceMs,
      total_ms: reply.elapsedTime,
    },
    id: options.id ?? request.id,
  };
}

export function tableLimits(config: Config): TableLimits {
  return {
    maxRows: config.MAX_ROWS,
    maxColumns: config.MAX_DIM,
    maxSides: config.MAX_COLUMNS,
  };
}
