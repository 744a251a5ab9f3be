import { Type } from 'typebox';

const Live = Type.Object({ status: Type.Literal('live') });

const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'not_ready']),
    reasons: Type.Array(Type.String(), {
      description: 'Why the service is not ready; empty if it is ready',
    }),
  },
  { $id: 'Readiness', examples: [{ status: 'ready', reasons: [] }] },
);

export const healthSchemas = [Readiness];

export const liveRoute = {
  tags: ['health'],
  operationId: 'getLive',
  summary: 'Whether the process is alive',
  response: { 200: { description: 'Alive', content: { 'application/json': { schema: Live } } } },
};

const readiness = { 'application/json': { schema: { $ref: 'Readiness#' } } };

export const readyRoute = {
  tags: ['health'],
  operationId: 'getReady',
  summary: 'Whether every model has loaded, matched its checksum and answered a warm-up',
  response: {
    200: { description: 'Ready for requests', content: readiness },
    503: {
      description: 'Not ready: models are loading, a model failed, or the server is shutting down',
      content: readiness,
    },
  },
};
