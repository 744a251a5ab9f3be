import type { FastifyInstance } from 'fastify';
import { jsonBytesOf } from '../../../http/body.js';
import { memoryOfBytes, runSomewhere } from '../../../http/offload.js';
import { addPost, type OpenRequest } from '../../../http/open-request.js';
import { endModelReply } from '../../../http/reply.js';
import type { Service } from '../../../http/service.js';
import { RequestRuns } from '../../../inference/request-runs.js';
import { drawComparison } from '../../../preference/comparison.js';
import { memoryOf } from '../../../preference/pairs.js';
import { checkComparable, sufficiency } from '../../../preference/sufficiency.js';
import { streamedPairs } from '../pairs-request.js';
import { readSufficiencyBody, type SufficiencyBody } from './body.js';
import { type SufficiencyReply, sufficiencyRoute } from './schema.js';

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
async function openPairs(open: OpenRequest, service: Service): Promise<SufficiencyBody> {
  const { request, signal } = open;
  const rows = await streamedPairs(open, service);
  if (rows !== undefined) return { ...rows, options: request.query as SufficiencyBody['options'] };
  const bytes = jsonBytesOf(request);
  return runSomewhere(
    service.helpers,
    readSufficiencyBody,
    [bytes, service.config.MAX_PAIRS],
    { bytes: bytes.length },
    signal,
    memoryOfBytes(bytes),
  );
}
