import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Unit } from '../estimation/units.js';
import { type Manifest, modelSha256 } from '../inference/manifest.js';
import type { RunTiming } from '../inference/request-runs.js';
import { inOrder, type Warning, type WarningCode } from '../warnings.js';
import type { ModelIdentity } from './reply-schema.js';

/** What a reply includes about its request, as plain data that other threads can take. */
export interface RequestStamp {
  readonly id: string;
  /** Milliseconds since 1970; unlike performance.now(), the same in every thread. */
  readonly arrivedAt: number;
}

export function stampOf(request: FastifyRequest, reply: FastifyReply): RequestStamp {
  return { id: request.id, arrivedAt: now() - reply.elapsedTime };
}

export interface Ending<Timing> {
  /** The id option of the request, if it was given. */
  readonly id: string | undefined;
  /** Milliseconds that each part took. */
  readonly timing: Timing;
}

type Warned<Result, Code extends WarningCode> = Result & {
  readonly warnings: readonly Warning<Code>[];
};

/** Completes a reply: adds its warnings in order, its timing and its id. */
export function endReply<Result extends object, Code extends WarningCode, Timing>(
  stamp: RequestStamp,
  { warnings, ...result }: Warned<Result, Code>,
  { id, timing }: Ending<Timing>,
) {
  return {
    ...result,
    warnings: inOrder(warnings),
    timing: { ...timing, total_ms: now() - stamp.arrivedAt },
    id: id ?? stamp.id,
  };
}

/** Completes a reply that a model gave: adds the unit and the model as well. */
export function endModelReply<Result extends object, Code extends WarningCode, Timing>(
  stamp: RequestStamp,
  result: Warned<Result, Code>,
  { unit, model, ...ending }: Ending<Timing> & { readonly unit: Unit; readonly model: Manifest },
) {
  return endReply(stamp, { ...result, unit, model: modelIdentity(model) }, ending);
}

/** The timing of a reply that a model gave. */
export function modelTiming(parseMs: number, { queueMs, encodeMs, inferenceMs }: RunTiming) {
  return {
    parse_ms: parseMs,
    queue_ms: queueMs,
    encode_ms: encodeMs,
    inference_ms: inferenceMs,
  };
}

export function modelIdentity(manifest: Manifest): ModelIdentity {
  return { id: manifest.id, version: manifest.version, sha256: modelSha256(manifest) };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
