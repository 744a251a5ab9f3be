import type { FastifyInstance } from 'fastify';
import { type ClassicalEstimate, ksgVariant } from '../../../classical/classical.js';
import type { Config } from '../../../config.js';
import { MistdError } from '../../../errors.js';
import { fromNats, type Unit } from '../../../estimation/units.js';
import { nearDeterministic, rowsDropped } from '../../../estimation/warnings.js';
import type { Form } from '../../../formats/table/data.js';
import { PAIR } from '../../../formats/table/layout.js';
import { kindsOf } from '../../../formats/table/parameters.js';
import { deadline } from '../../../http/deadline.js';
import { readRequest } from '../../../http/samples.js';
import { matricesOf } from '../../../samples/samples.js';
import type { Threads } from '../../../threads/threads.js';
import { compileCheck } from '../../../validation.js';
import { dataLimits, samplesReply, unchecked } from '../../../http/samples-reply.js';
import {
  ClassicalOptions,
  type ClassicalReply,
  classicalRoute,
  classicalSchemas,
} from './schema.js';

const checkOptions = compileCheck(ClassicalOptions);

const FORM: Form<'x' | 'y'> = {
  layout: PAIR,
  options: kindsOf(ClassicalOptions.properties),
  coding: 'indicators',
};

export function classicalRoutes(app: FastifyInstance, threads: Threads, config: Config): void {
  for (const schema of classicalSchemas) app.addSchema(schema);
  const limits = dataLimits(config);

  app.post(
    '/estimate/classical',
    { schema: classicalRoute, validatorCompiler: unchecked },
    async (request, reply): Promise<ClassicalReply> => {
      const start = performance.now();
      const signal = deadline(reply, config.REQUEST_TIMEOUT_MS);
      const { data, fields } = await readRequest(request, FORM, limits, threads, signal);
      const { unit, id, ...options } = checkOptions(fields);
      const samples = matricesOf(data.named);
      const usesK = options.methods.some((method) => ksgVariant(method) !== undefined);
      if (usesK && options.k >= samples.x.rows) {
        throw new MistdError(
          'out_of_range',
          `/k is ${options.k}; each of ${samples.x.rows} rows has ${samples.x.rows - 1} neighbors.`,
          { pointer: '/k' },
        );
      }
      const read = performance.now();
      const { estimates, facts } = await threads.classical({ samples, options }, signal);
      return {
        estimates: estimates.map((estimate) => inUnit(estimate, unit, options.bootstrap?.level)),
        unit,
        samples: samplesReply(data),
        warnings: [
          ...rowsDropped(data),
          ...nearDeterministic([{ estimate: { facts, blocks: 1 }, ...data.named }]),
        ],
        timing: {
          parse_ms: read - start,
          estimate_ms: performance.now() - read,
          total_ms: reply.elapsedTime,
        },
        id: id ?? request.id,
      };
    },
  );
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
