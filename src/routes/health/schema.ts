import { Type } from 'typebox';

const Live = Type.Object({ status: Type.Literal('live') });

const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'not_ready']),
    reasons: Type.Array(Type.String(), { description: 'Why not; empty when ready' }),
  },
  { $id: 'Readiness', examples: [{ status: 'ready', reasons: [] }] },
);

export const healthSchemas = [Readiness];

export const liveRoute = {
  tags: ['health'],
  operationId: 'getLive',
  summary: 'The process answers',
  response: { 200: { description: 'Alive', content: { 'application/json': { schema: Live } } } },
};

const readiness = { 'application/json': { schema: { $ref: 'Readiness#' } } };

export const readyRoute = {
  tags: ['health'],
  operationId: 'getReady',
  summary: 'Every model has loaded, matched its checksum and answered a warm-up',
  response: {
    200: { description: 'Send requests here', content: readiness },
    503: { description: 'Do not: loading, a model failed, or shutting down', content: readiness },
  },
};
