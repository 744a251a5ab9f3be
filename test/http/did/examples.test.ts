import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Service, startService } from '../service.js';

interface Media {
  schema: { $ref?: string };
  /** Where the examples of a schema without a name end up. */
  example?: unknown;
}
interface OpenApi {
  paths: Record<string, { post?: { requestBody: { content: Record<string, Media> } } }>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
}

let service: Service;
let api: OpenApi;
beforeAll(async () => {
  service = await startService();
  api = (await service.get<OpenApi>('/openapi.json')).body;
});
afterAll(() => service.close());

it('every documented example of /did gets its answer', async () => {
  const posted = new Map<string, number>();
  for (const [path, { post }] of Object.entries(api.paths)) {
    if (!path.startsWith('/did/')) continue;
    for (const [type, { schema, example: own }] of Object.entries(
      post?.requestBody.content ?? {},
    )) {
      const shared = api.components.schemas[schema.$ref?.split('/').at(-1) ?? ''];
      const examples = shared?.examples ?? [own].filter((text) => text !== undefined);
      expect(examples.length, `${path} ${type}`).toBeGreaterThan(0);
      for (const example of examples) {
        const answer = await service.post(example, { 'content-type': type }, path);
        expect(answer.status, `${path} ${type}: ${JSON.stringify(answer.body)}`).toBe(200);
        expect(JSON.stringify(answer.body)).not.toContain('NaN');
      }
      posted.set(path, (posted.get(path) ?? 0) + examples.length);
    }
  }
  expect([...posted.keys()].sort()).toEqual([
    '/did/distribution',
    '/did/entropy',
    '/did/pairs',
    '/did/power-law',
    '/did/rejected',
    '/did/sufficiency',
  ]);
});
