import { type Static, Type } from 'typebox';
import { problemResponses } from '../../http/problem-schema.js';
import { ModelIdentity, modelExample } from '../../http/reply-schema.js';
import { Manifest } from '../../inference/manifest.js';

const ModelSummary = Type.Object(
  {
    ...ModelIdentity.properties,
    description: Type.String(),
    default: Type.Boolean({ description: 'Whether it answers requests that name no model' }),
    trained: Manifest.properties.trained,
  },
  {
    $id: 'ModelSummary',
    examples: [
      {
        ...modelExample,
        description: 'MIST trained on a wide meta-distribution',
        default: true,
        trained: { rows: [5, 10_000], dim_x: [1, 64], dim_y: [1, 64] },
      },
    ],
  },
);

const Model = Type.Object({ ...ModelSummary.properties, ...Manifest.properties }, { $id: 'Model' });

export type ModelSummary = Static<typeof ModelSummary>;
export type Model = Static<typeof Model>;

export const modelSchemas = [ModelIdentity, ModelSummary, Model];

export const ModelParams = Type.Object({ id: Type.String({ description: 'The id of a model' }) });

export const listModelsRoute = {
  tags: ['models'],
  operationId: 'listModels',
  summary: 'List the models that answer requests',
  response: {
    200: {
      description: 'All models; empty while they load',
      content: {
        'application/json': {
          schema: Type.Object({ models: Type.Array(Type.Unsafe({ $ref: 'ModelSummary#' })) }),
        },
      },
    },
  },
};

export const getModelRoute = {
  tags: ['models'],
  operationId: 'getModel',
  summary: 'Describe a model: its files, its training and its accuracy',
  params: ModelParams,
  response: {
    200: {
      description: 'The model',
      content: { 'application/json': { schema: { $ref: 'Model#' } } },
    },
    ...problemResponses('unknown_model', 'model_unavailable'),
  },
};
