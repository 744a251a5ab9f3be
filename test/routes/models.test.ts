import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Model, ModelSummary } from '../../src/routes/models/schema.js';
import { sharedService } from '../service.js';

const service = sharedService();

describe('GET /models', () => {
  it('lists the models and marks the default', async () => {
    const { status, body } = await service.get<{ models: ModelSummary[] }>('/models');
    expect(status).toBe(200);
    const summary = body.models.find(({ id }) => id === 'mist');
    expect(summary).toMatchObject({ default: true, trained: { rows: [5, 10_000] } });
    expect(summary?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('returns the whole manifest of a model', async () => {
    const manifest = JSON.parse(await readFile('models/mist/manifest.json', 'utf8'));
    const { status, body } = await service.get<Model>('/models/mist');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      default: true,
      sha256: manifest.files['model.onnx'].sha256,
      taus: manifest.taus,
      blocks: manifest.blocks,
      metrics: manifest.metrics,
      training: manifest.training,
    });
  });
});

describe('health', () => {
  it('is live and ready', async () => {
    expect((await service.get('/health/live')).body).toEqual({ status: 'live' });
    expect((await service.get('/health/ready')).body).toEqual({ status: 'ready', reasons: [] });
  });
});

describe('documentation', () => {
  it('is a page at /docs, to which / redirects', async () => {
    const response = await fetch(service.url);
    expect(response.url).toContain('/docs');
    expect(await response.text()).toContain('swagger-ui');
  });

  it('is the committed openapi/openapi.json (npm run generate writes it)', async () => {
    const { body } = await service.get('/openapi.json');
    const committed = JSON.parse(await readFile('openapi/openapi.json', 'utf8'));
    expect(body).toEqual(committed);
  });
});
