import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem-schema.js';
import { uniforms } from '../data.js';
import { sharedService } from '../service.js';

const service = sharedService();

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

it('answers any JSON with an estimate or a problem whose pointer exists, never with 500', async () => {
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

/** Columns with different kinds of ties, each made of uniform numbers. */
const tied: ((u: number, row: number) => number)[] = [
  (u) => Number(u < 0.5),
  (u) => Number(u < 0.02),
  (u) => Math.floor(-2 * Math.log(u)),
  (u) => Math.max(0.7, u),
  (u) => Math.round(4 * u),
  (_, row) => row >> 4,
];

it('answers any kind of ties, repeated rows and repeated columns', async () => {
  const dim = fc.integer({ min: 1, max: 6 });
  const cases = fc.record({
    seed: fc.nat(1_000_000),
    rows: fc.constantFrom(2, 5, 20, 100, 500, 1500),
    dimX: dim,
    dimY: dim,
    shared: fc.boolean(),
    repeated: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ seed, rows, dimX, dimY, shared, repeated }) => {
      const uniform = uniforms(seed);
      const side = (columns: number) => {
        const kinds = Array.from({ length: columns }, () => Math.floor(uniform() * tied.length));
        return Array.from({ length: rows }, (_, row) =>
          kinds.map((kind) => (tied[kind] as (typeof tied)[0])(uniform(), row)),
        );
      };
      const [x, y] = [side(dimX), side(dimY)];
      if (shared) {
        y.forEach((row, r) => {
          row[0] = x[r]?.[0] as number;
        });
      }
      const twice = (half: number[][]) => (repeated ? [...half, ...half] : half);
      const { status, body } = await service.post({ x: twice(x), y: twice(y) });
      expect(status, JSON.stringify(body)).toBe(200);
    }),
    { numRuns: 80, seed: 11 },
  );
});

/** The value that a JSON pointer refers to (RFC 6901). */
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
