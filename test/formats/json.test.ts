import { expect, it } from 'vitest';
import { readJsonRequest } from '../../src/formats/json.js';
import { columnOf } from '../../src/samples/samples.js';

const KNOWN = ['x', 'y', 'unit'];
const LIMITS = { maxRows: 100_000, maxColumns: 64 };
const read = (text: string) => readJsonRequest(Buffer.from(text), KNOWN, LIMITS);

it('fills column-major matrices and passes the other fields on', () => {
  const { samples, fields } = read('{"x":[[1,2],[3,4],[5,6]],"y":[7,-0,9e-3],"unit":"bits"}');
  expect(samples.x).toMatchObject({ rows: 3, columns: 2 });
  expect([...columnOf(samples.x, 0)]).toEqual([1, 3, 5]);
  expect([...columnOf(samples.x, 1)]).toEqual([2, 4, 6]);
  expect([...samples.y.values]).toEqual([7, -0, 0.009]);
  expect(fields).toEqual({ unit: 'bits' });
});

it('reads 100,000 rows of four columns well within a second', () => {
  const rows = Array.from({ length: 100_000 }, (_, r) => [r / 7, Math.sin(r)]);
  const bytes = Buffer.from(JSON.stringify({ x: rows, y: rows }));
  const start = performance.now();
  const { samples } = readJsonRequest(bytes, KNOWN, LIMITS);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(samples.x.rows).toBe(100_000);
});
