import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import type { Config } from '../../config.js';
import type { Estimator } from '../../estimation/estimate.js';
import type { Unit } from '../../estimation/units.js';
import { rowsDropped, type Warning } from '../../estimation/warnings.js';
import type { Form } from '../../formats/table/data.js';
import type { Layout } from '../../formats/table/layout.js';
import { kindsOf } from '../../formats/table/parameters.js';
import type { Engine } from '../../inference/engine.js';
import { Job } from '../../inference/request-runs.js';
import type { Manifest } from '../../inference/manifest.js';
import { deadline } from '../../http/deadline.js';
import { readRequest } from '../../http/samples.js';
import type { Prepared } from '../../samples/prepare.js';
import type { Threads } from '../../threads/threads.js';
import { compileCheck } from '../../validation.js';
import { dataLimits, unchecked } from '../../http/samples-reply.js';
import { modelIdentity } from '../models/index.js';
import type { ModelIdentity } from '../models/schema.js';

/** What the routes of analyses need. */
export interface Service {
  readonly engine: Engine;
  readonly threads: Threads;
  readonly config: Config;
}

/** What a request asks of an analysis. */
export interface Asked<Name extends string, Options> {
  readonly data: Prepared<Name>;
  readonly options: Options;
  readonly estimate: Estimator;
  readonly manifest: Manifest;
}

/** What an analysis adds to what every reply carries. */
export type Answer<Reply> = Omit<Reply, keyof AnalysisReply>;

/**
 * Adds a route that reads samples of any format, runs an analysis on them until its deadline, and
 * adds what every reply carries.
 */
export function addAnalysis<
  Name extends string,
  Options extends TObject,
  Result extends { warnings: Warning[] },
>(
  app: FastifyInstance,
  { engine, threads, config }: Service,
  route: {
    readonly url: string;
    readonly schema: FastifySchema;
    /** That the schema refers to. */
    readonly schemas: readonly TSchema[];
    readonly layout: Layout<Name>;
    readonly options: Options;
  },
  analysis: (asked: Asked<Name, Static<Options>>) => Promise<Result>,
): void {
  for (const schema of route.schemas) app.addSchema(schema);
  const limits = dataLimits(config);
  const checkOptions = compileCheck(route.options);
  const form: Form<Name> = {
    layout: route.layout,
    options: kindsOf(route.options.properties),
    coding: 'numbers',
  };
  app.post(
    route.url,
    { schema: route.schema, validatorCompiler: unchecked },
    async (request, reply) => {
      const start = performance.now();
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const { data, fields } = await readRequest(request, form, limits, threads, signal);
      const options = checkOptions(fields) as Static<Options> & CommonOptions;
      const read = { request, reply, start, signal, options };
      return analyze(engine, read, async (estimate, manifest) => {
        const result = await analysis({ data, options, estimate, manifest });
        return { ...result, warnings: [...rowsDropped(data), ...result.warnings] };
      });
    },
  );
}

/** A request whose body has been read. */
export interface AnalysisRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** performance.now() when reading began. */
  readonly start: number;
  /** Gives the request up. */
  readonly signal: AbortSignal;
  readonly options: CommonOptions;
}

interface CommonOptions {
  readonly unit: Unit;
  readonly model?: string;
  readonly id?: string;
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
 * Runs an analysis with the model that the request names, and adds what every reply carries.
 */
export async function analyze<T>(
  engine: Engine,
  { request, reply, start, signal, options }: AnalysisRequest,
  analysis: (estimate: Estimator, manifest: Manifest) => Promise<T>,
): Promise<T & AnalysisReply> {
  const parse_ms = performance.now() - start;
  const manifest = engine.model(options.model, '/model');
  const job = new Job(engine, manifest, signal);
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
