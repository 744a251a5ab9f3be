import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { modelIdentity } from '../../http/reply.js';
import type { Service } from '../../http/service.js';
import type { Manifest } from '../../inference/manifest.js';
import {
  getModelRoute,
  listModelsRoute,
  type Model,
  type ModelParams,
  type ModelSummary,
  modelSchemas,
} from './schema.js';

export function modelRoutes(app: FastifyInstance, { engine, config }: Service): void {
  for (const schema of modelSchemas) app.addSchema(schema);

  const summary = (manifest: Manifest): ModelSummary => ({
    ...modelIdentity(manifest),
    description: manifest.description,
    default: manifest.id === config.DEFAULT_MODEL,
    trained: manifest.trained,
  });

  app.get('/models', { schema: listModelsRoute }, () => ({
    models: engine.models().map(summary),
  }));

  app.get<{ Params: Static<typeof ModelParams> }>(
    '/models/:id',
    { schema: getModelRoute },
    (request): Model => {
      const manifest = engine.model(request.params.id);
      return { ...manifest, ...summary(manifest) };
    },
  );
}
