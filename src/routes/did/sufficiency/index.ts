import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { readDidBody } from '../../../formats/preference/did-body.js';
import type { ReadPairs } from '../../../formats/preference/pair-reader.js';
import { jsonBytesOf } from '../../../http/body.js';
import { memoryOfBytes, runSomewhere } from '../../../http/offload.js';
import { addPost, type OpenRequest } from '../../../http/open-request.js';
import { endModelReply } from '../../../http/reply.js';
import type { Service } from '../../../http/service.js';
import { RequestRuns } from '../../../inference/request-runs.js';
import { drawComparison } from '../../../preference/comparison.js';
import { memoryOf } from '../../../preference/pairs.js';
import { checkComparable, sufficiency } from '../../../preference/sufficiency.js';
import { compileCheck } from '../../../validation.js';
import { streamedPairs } from '../pairs-request.js';
import { SufficiencyOptions, type SufficiencyReply, sufficiencyRoute } from './schema.js';

type Options = Static<typeof SufficiencyOptions>;

const checkOptions = compileCheck(SufficiencyOptions);

export function sufficiencyRoutes(app: FastifyInstance, service: Service): void {
  const { engine, helpers, config } = service;
  const route = { url: '/did/sufficiency', schema: sufficiencyRoute };
  addPost(app, service, route, async (open): Promise<SufficiencyReply> => {
    const { pairs, ignored, options } = await openPairs(open, service);
    const { id, max_pairs: maxPairs, model: modelId, ...asked } = options;
    const model = engine.model(modelId, '/model');
    checkComparable(pairs, config.MAX_DIM);
    const parseMs = open.elapsedMs();
    const comparison = await runSomewhere(
      helpers,
      drawComparison,
      [{ pairs, ignored, maxPairs, seed: asked.seed }],
      { pairs: pairs.count },
      open.signal,
      memoryOf(pairs),
    );
    const { ask } = new RequestRuns(engine, model, open.signal);
    const result = await sufficiency(ask, comparison, model, asked);
    const timing = { parse_ms: parseMs, compute_ms: open.elapsedMs() - parseMs };
    return endModelReply(open.stamp, result, { id, unit: asked.unit, model, timing });
  });
}

/** Reads the pairs and the options of a request. */
async function openPairs(
  open: OpenRequest,
  service: Service,
): Promise<ReadPairs & { readonly options: Options }> {
  const { request, signal } = open;
  const rows = await streamedPairs(open, service);
  if (rows !== undefined) return { ...rows, options: request.query as Options };
  const bytes = jsonBytesOf(request);
  const rules = { takesPairs: true, candidates: undefined, most: service.config.MAX_PAIRS };
  const { read, fields } = await runSomewhere(
    service.helpers,
    readDidBody,
    [bytes, rules],
    { bytes: bytes.length },
    signal,
    memoryOfBytes(bytes),
  );
  return { ...(read as ReadPairs), options: checkOptions(fields) };
}
