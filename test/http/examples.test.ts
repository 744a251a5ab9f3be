import { expect, it } from 'vitest';
import { sharedService } from '../service.js';

interface Schema {
  readonly $ref?: string;
  readonly examples?: readonly unknown[];
  readonly format?: string;
}

interface Content {
  readonly schema: Schema;
  /** The example of a schema that is written in place instead of referenced. */
  readonly example?: unknown;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: { readonly content: Record<string, Content> };
}

interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

const service = sharedService();

it('answers every documented example of a body', async () => {
  const { body: api } = await service.get<Description>('/openapi.json');
  let posted = 0;
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [type, content] of Object.entries(operations.post?.requestBody?.content ?? {})) {
      // JSON cannot show bytes; test/routes/estimate/formats.test.ts posts files of each format.
      if (content.schema.format === 'binary') continue;
      const name = content.schema.$ref?.split('/').at(-1) ?? '';
      const inPlace = content.example === undefined ? [] : [content.example];
      const examples = api.components.schemas[name]?.examples ?? inPlace;
      expect(examples.length, `${path} ${type}`).toBeGreaterThan(0);
      // Options of a file are in the query string. A few draws show as much as the default.
      const tests = operations.post?.parameters?.some(({ name }) => name === 'permutations');
      const query = tests && type !== 'application/json' ? '?permutations=19' : '';
      for (const example of examples) {
        const answer = await service.post<unknown>(example, { 'content-type': type }, path + query);
        expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200);
        // In a reply of several lines, each line is an answer, and none may be a problem.
        if (typeof answer.body === 'string') expect(answer.body).not.toContain('"status"');
        posted++;
      }
    }
  }
  expect(posted).toBeGreaterThanOrEqual(24);
});
