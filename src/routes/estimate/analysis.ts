import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import type { Ask } from '../../estimation/question.js';
import type { Unit } from '../../estimation/units.js';
import { rowsDropped } from '../../estimation/warnings.js';
import type { SamplesForm } from '../../formats/samples.js';
import type { Layout } from '../../formats/table/layout.js';
import { addPost, type OpenRequest } from '../../http/open-request.js';
import { endModelReply, modelTiming } from '../../http/reply.js';
import { openSamples } from '../../http/samples.js';
import type { Service } from '../../http/service.js';
import type { Manifest } from '../../inference/manifest.js';
import { RequestRuns } from '../../inference/request-runs.js';
import type { Prepared } from '../../samples/prepare.js';
import type { Warning } from '../../warnings.js';

/** The input of an analysis. */
export interface AnalysisInput<Name extends string, Options> {
  readonly data: Prepared<Name>;
  readonly options: Options;
  readonly ask: Ask;
  readonly model: Manifest;
}

/** What an analysis adds to the parts that every reply has. */
export type AnalysisResult<Reply> = Omit<Reply, 'unit' | 'model' | 'timing' | 'id'>;

interface AnalysisRoute<Name extends string, Options extends TObject> {
  readonly url: string;
  readonly schema: FastifySchema;
  /** Schemas that `schema` refers to. */
  readonly schemas: readonly TSchema[];
  readonly layout: Layout<Name>;
  readonly options: Options;
}

/** Adds a route that reads samples in any format and runs an analysis on them. */
export function addAnalysis<
  Name extends string,
  Options extends TObject,
  Result extends { readonly warnings: readonly Warning[] },
>(
  app: FastifyInstance,
  service: Service,
  { url, schema, schemas, layout, options }: AnalysisRoute<Name, Options>,
  analysis: (input: AnalysisInput<Name, Static<Options>>) => Promise<Result>,
): void {
  for (const each of schemas) app.addSchema(each);
  const form: SamplesForm<Name, Options> = { layout, options, coding: 'numbers' };
  addPost(app, service, { url, schema, readerChecksQuery: true }, async (open) => {
    const { data, options, parseMs } = await openSamples(open, service, form);
    return askModel(open, service, options as ModelOptions, parseMs, async (ask, model) => {
      const result = await analysis({ data, options, ask, model });
      return { ...result, warnings: [...rowsDropped(data), ...result.warnings] };
    });
  });
}

interface ModelOptions {
  readonly unit: Unit;
  readonly model?: string;
  readonly id?: string;
}

/** Answers a request by putting questions to the model that it names. */
export async function askModel<Result extends { readonly warnings: readonly Warning[] }>(
  { signal, stamp }: OpenRequest,
  { engine }: Service,
  options: ModelOptions,
  parseMs: number,
  answer: (ask: Ask, model: Manifest) => Promise<Result>,
) {
  const model = engine.model(options.model, '/model');
  const runs = new RequestRuns(engine, model, signal);
  const result = await answer(runs.ask, model);
  return endModelReply(stamp, result, {
    id: options.id,
    unit: options.unit,
    model,
    timing: modelTiming(parseMs, runs.timing),
  });
}
