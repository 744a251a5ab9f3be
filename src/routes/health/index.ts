import type { FastifyInstance } from 'fastify';
import type { Service } from '../../http/service.js';
import { healthSchemas, liveRoute, readyRoute } from './schema.js';

export function healthRoutes(app: FastifyInstance, { engine }: Service): void {
  for (const schema of healthSchemas) app.addSchema(schema);

  // Probes arrive every few seconds, so only their failures are logged.
  app.get('/health/live', { schema: liveRoute, logLevel: 'warn' }, () => ({ status: 'live' }));

  app.get('/health/ready', { schema: readyRoute, logLevel: 'warn' }, (_request, reply) => {
    const { ready, reasons } = engine.readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', reasons });
  });
}
