import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '../../src/routes/problem.js';
import { type Service, startService } from './service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const sample = fc.oneof(
  { weight: 20, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true }) },
  { weight: 20, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const side = fc.oneof(
  fc.array(sample, { maxLength: 12 }),
  fc
    .integer({ min: 0, max: 4 })
    .chain((dim) =>
      fc.array(fc.array(sample, { minLength: dim, maxLength: dim }), { maxLength: 12 }),
    ),
);
const body = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      x: fc.oneof({ weight: 9, arbitrary: side }, { weight: 1, arbitrary: fc.jsonValue() }),
      y: fc.oneof({ weight: 9, arbitrary: side }, { weight: 1, arbitrary: fc.jsonValue() }),
      quantiles: fc.oneof(fc.array(fc.double({ min: 0, max: 1 })), fc.jsonValue()),
      level: fc.oneof(fc.double({ min: 0, max: 1 }), fc.jsonValue()),
      unit: fc.constantFrom('nats', 'bits', 'Bits'),
      id: fc.oneof(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: ['x', 'y'] },
  ),
);

it('answers any JSON with an estimate or a problem at a place that is there, never with 500', async () => {
  await fc.assert(
    fc.asyncProperty(body, async (request) => {
      const answer = await service.post<Problem>(request);
      expect([200, 400], JSON.stringify(answer.body)).toContain(answer.status);
      if (answer.status === 400 && answer.body.code !== 'missing_field') {
        const text: unknown = JSON.parse(JSON.stringify(request));
        expect(() => follow(text, answer.body.pointer ?? 'none')).not.toThrow();
      }
    }),
    { numRuns: 300, seed: 7 },
  );
});

/** What a JSON pointer leads to (RFC 6901). */
function follow(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  if (pointer !== '' && !pointer.startsWith('/')) throw new Error('not a JSON pointer');
  return steps.reduce((at: unknown, step) => {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) {
      throw new Error(`nothing at ${pointer}`);
    }
    return (at as Record<string, unknown>)[key];
  }, value);
}
