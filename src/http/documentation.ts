import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../version.js';

/** Serves the OpenAPI 3.1 description of the routes at /openapi.json and its page at /docs. */
export async function addDocumentation(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'mistd',
        version: VERSION,
        description:
          'Estimates mutual information from samples with a learned model, and reports the uncertainty.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'estimates', description: 'Mutual information from samples' },
        { name: 'analyses', description: 'Analyses that combine many estimates' },
        {
          name: 'preferences',
          description: 'What a preference-optimized policy has learned (DID)',
        },
        { name: 'models', description: 'The models behind the estimates' },
        { name: 'health', description: 'Probes for orchestrators' },
      ],
      servers: [{ url: '/' }],
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) => String(json.$id ?? `schema-${i}`),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'));
}
