import { describe, expect, it } from 'vitest';
import type { IndependenceReply } from '../../../src/routes/estimate/independence/schema.js';
import { gaussian } from '../../data.js';
import { readExample } from '../../examples.js';
import { sharedService } from '../../service.js';

const service = sharedService();

async function test(body: object): Promise<IndependenceReply> {
  const answer = await service.post<IndependenceReply>(body, undefined, '/estimate/independence');
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

describe('POST /estimate/independence', () => {
  it('finds that disease progression depends on the body mass index', async () => {
    const { bmi: x, target: y } = readExample('diabetes');
    const reply = await test({ x, y, permutations: 99 });
    expect(reply).toMatchObject({ p_value: 0.01, permutations: 99, samples: { rows: 442 } });
    const { body } = await service.post({ x, y });
    expect(reply.estimate).toBeCloseTo(body.estimate, 5);
    expect(reply.interval.upper).toBeCloseTo(body.interval.upper, 5);
    expect(reply.warnings).toEqual(body.warnings);
  });

  it('stops early for independent data, unless early_stop is false', async () => {
    const { x, y } = gaussian(2, 60, 2, 0);
    const early = await test({ x, y, permutations: 300 });
    expect(early.permutations).toBeLessThan(300);
    expect(early.p_value).toBe(20 / early.permutations);
    expect(early.p_value).toBeGreaterThan(0.05);
    const all = await test({ x, y, permutations: 300, early_stop: false });
    expect(all.permutations).toBe(300);
    expect(Math.abs(all.p_value - early.p_value)).toBeLessThan(4 * early.p_value_error);
    expect(all.p_value_error).toBeLessThan(early.p_value_error);
  });

  it('answers the same for the same seed', async () => {
    const body = { ...gaussian(3, 60, 1, 0.15), permutations: 99, early_stop: false };
    const { timing: _1, id: _2, ...first } = await test({ ...body, seed: 1 });
    expect(await test({ ...body, seed: 1 })).toMatchObject(first);
    // Two seeds can agree by chance; four do not.
    const others = await Promise.all([2, 3, 4].map((seed) => test({ ...body, seed })));
    expect(others.some((other) => other.p_value !== first.p_value)).toBe(true);
  });

  it('does not depend on strictly monotone maps, nor on which side is called x', async () => {
    const { x, y } = gaussian(4, 80, 1, 0.3);
    const options = { permutations: 99, early_stop: false };
    const plain = await test({ x, y, ...options });
    const mapped = await test({
      x: x.map(([v = 0]) => Math.exp(v)),
      y: y.map(([v = 0]) => -(v ** 3)),
      ...options,
    });
    expect(mapped.p_value).toBeCloseTo(plain.p_value, 1);
    const swapped = await test({ x: y, y: x, ...options });
    expect(Math.abs(swapped.p_value - plain.p_value)).toBeLessThan(0.1);
  });

  it('finds no dependence on a constant column', async () => {
    const { x } = gaussian(5, 40, 1, 0);
    const reply = await test({ x, y: x.map(() => 1), permutations: 50 });
    expect(reply).toMatchObject({ estimate: 0, p_value: 1, p_value_error: 0 });
  });

  it('rejects 5 % of independent data sets, and the same with ties', async () => {
    const sets = Array.from({ length: 120 }, (_, i) => gaussian(100 + i, 40, 1, 0));
    const coarse = (side: number[][]) => side.map(([v = 0]) => Math.round(v));
    const answers: IndependenceReply[] = [];
    for (const [i, { x, y }] of sets.entries()) {
      const side = i % 2 === 0 ? x : coarse(x);
      answers.push(await test({ x: side, y, permutations: 19, seed: i }));
    }
    const rejected = answers.filter(({ p_value }) => p_value <= 0.05).length;
    // Binomial with 120 draws at 5 %: outside once in a thousand. The bench measures it precisely.
    expect(rejected).toBeLessThan(15);
    const halves = answers.filter(({ p_value }) => p_value <= 0.5).length;
    expect(halves).toBeGreaterThan(38);
    expect(halves).toBeLessThan(82);
  });

  it('refuses a test of 0 permutations', async () => {
    const body = { ...gaussian(6, 40, 1, 0), permutations: 0 };
    const answer = await service.post(body, undefined, '/estimate/independence');
    expect(answer.body).toMatchObject({
      status: 400,
      code: 'out_of_range',
      pointer: '/permutations',
    });
  });
});
