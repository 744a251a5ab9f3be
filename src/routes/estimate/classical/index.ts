import type { FastifyInstance } from 'fastify';
import {
  type ClassicalEstimate,
  type ClassicalMethod,
  type CountsOfShares,
  checkNeighbors,
  classicalAnswer,
  ksgVariant,
  type ClassicalOptions as MethodOptions,
} from '../../../classical/classical.js';
import { type NeighborCounts, neighborCounts } from '../../../classical/ksg.js';
import { fromNats, type Unit } from '../../../estimation/units.js';
import { nearDeterministic, rowsDropped } from '../../../estimation/warnings.js';
import type { SamplesForm } from '../../../formats/samples.js';
import { XY } from '../../../formats/table/layout.js';
import { searchShares } from '../../../http/offload.js';
import { addPost } from '../../../http/open-request.js';
import { endReply } from '../../../http/reply.js';
import { openSamples, samplesReply } from '../../../http/samples.js';
import type { Service } from '../../../http/service.js';
import { matricesOf, type Samples } from '../../../samples/samples.js';
import {
  ClassicalOptions,
  type ClassicalReply,
  classicalRoute,
  classicalSchemas,
} from './schema.js';

const FORM: SamplesForm<'x' | 'y', typeof ClassicalOptions> = {
  layout: XY,
  options: ClassicalOptions,
  coding: 'indicators',
};

export function classicalRoutes(app: FastifyInstance, service: Service): void {
  for (const schema of classicalSchemas) app.addSchema(schema);
  const route = { url: '/estimate/classical', schema: classicalRoute, readerChecksQuery: true };
  addPost(app, service, route, async (open): Promise<ClassicalReply> => {
    const { data, options: asked, parseMs } = await openSamples(open, service, FORM);
    const { unit, id, ...options } = asked;
    const samples = matricesOf(data.named);
    checkNeighbors(samples.x.rows, options);
    const counts = await countInShares(service, samples, options, open.signal);
    const { estimates, facts } = await service.helpers.run(
      classicalAnswer,
      [samples, options, counts],
      open.signal,
    );
    const result = {
      estimates: estimates.map((estimate) => inUnit(estimate, unit, options.bootstrap?.level)),
      unit,
      samples: samplesReply(data),
      warnings: [
        ...rowsDropped(data),
        ...nearDeterministic([{ answer: { facts, blocks: 1 }, ...data.named }]),
      ],
    };
    const timing = { parse_ms: parseMs, estimate_ms: open.elapsedMs() - parseMs };
    return endReply(open.stamp, result, { id, timing });
  });
}

/** Counts neighbors for the KSG methods in all helper threads at once, if that is faster. */
async function countInShares(
  { helpers }: Service,
  samples: Samples,
  { methods, k }: MethodOptions,
  signal: AbortSignal,
): Promise<CountsOfShares> {
  const counts = new Map<ClassicalMethod, NeighborCounts[]>();
  const { rows, columns } = samples.x;
  const of = searchShares(helpers, rows * (columns + samples.y.columns));
  if (of === 1) return counts;
  for (const method of methods) {
    const variant = ksgVariant(method);
    if (variant === undefined) continue;
    const shares = Array.from({ length: of }, (_, from) =>
      helpers.run(neighborCounts, [samples, { k, variant }, { from, of }], signal),
    );
    counts.set(method, await Promise.all(shares));
  }
  return counts;
}

function inUnit(
  { method, nats, interval }: ClassicalEstimate,
  unit: Unit,
  level = 0,
): ClassicalReply['estimates'][number] {
  const estimate = nats === undefined ? null : fromNats(nats, unit);
  if (interval === undefined) return { method, estimate };
  const { lower, upper, resampling } = interval;
  return {
    method,
    estimate,
    interval: { level, lower: fromNats(lower, unit), upper: fromNats(upper, unit), resampling },
  };
}
