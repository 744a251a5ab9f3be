import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Engine } from '../../inference/engine.js';
import { type Manifest, modelSha256 } from '../../inference/manifest.js';
import {
  getModelRoute,
  listModelsRoute,
  type Model,
  type ModelIdentity,
  type ModelParams,
  type ModelSummary,
  modelSchemas,
} from './schema.js';

export function modelRoutes(app: FastifyInstance, engine: Engine, defaultModel: string): void {
  for (const schema of modelSchemas) app.addSchema(schema);

  const summary = (manifest: Manifest): ModelSummary => ({
    ...modelIdentity(manifest),
    description: manifest.description,
    default: manifest.id === defaultModel,
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

export function modelIdentity(manifest: Manifest): ModelIdentity {
  return { id: manifest.id, version: manifest.version, sha256: modelSha256(manifest) };
}
