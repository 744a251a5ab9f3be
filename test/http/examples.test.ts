import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Service, startService } from './service.js';

let service: Service;
beforeAll(async () => {
  service = await startService({ WORKERS: 1 });
});
afterAll(() => service.close());

interface Schema {
  readonly $ref?: string;
  readonly examples?: readonly unknown[];
}

it('every example of a JSON request in the documentation is answered with 200', async () => {
  const { paths, components } = JSON.parse(await readFile('openapi/openapi.json', 'utf8'));
  let posted = 0;
  for (const [path, { post }] of Object.entries<{
    post?: { requestBody?: { content: Record<string, { schema: Schema }> } };
  }>(paths)) {
    const schema = post?.requestBody?.content['application/json']?.schema;
    if (schema === undefined) continue;
    const name = schema.$ref?.split('/').at(-1);
    const { examples = [] }: Schema = name === undefined ? schema : components.schemas[name];
    expect(examples.length, path).toBeGreaterThan(0);
    for (const example of examples) {
      const answer = await service.post(example, { 'content-type': 'application/json' }, path);
      expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200);
      posted++;
    }
  }
  expect(posted).toBeGreaterThan(4);
});
