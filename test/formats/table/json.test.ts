import { expect, it } from 'vitest';
import { readFields, readMatrices } from '../../../src/formats/table/json.js';
import { columnOf } from '../../../src/maths/matrix.js';

const KNOWN = ['x', 'y', 'unit'];
const LIMITS = { maxRows: 100_000, maxColumns: 64 };

function read(bytes: Buffer) {
  const { x, y, ...fields } = readFields(bytes, KNOWN);
  return { samples: readMatrices({ x, y }, LIMITS), fields };
}

it('fills column-major matrices and passes on the other fields', () => {
  const { samples, fields } = read(
    Buffer.from('{"x":[[1,2],[3,4],[5,6]],"y":[7,-0,9e-3],"unit":"bits"}'),
  );
  expect(samples.x).toMatchObject({ rows: 3, columns: 2 });
  expect([...columnOf(samples.x, 0)]).toEqual([1, 3, 5]);
  expect([...columnOf(samples.x, 1)]).toEqual([2, 4, 6]);
  expect([...samples.y.values]).toEqual([7, -0, 0.009]);
  expect(fields).toEqual({ unit: 'bits' });
});

it('reads and checks a large body in a small multiple of the time of JSON.parse', () => {
  const rows = Array.from({ length: 100_000 }, (_, r) => [r / 7, Math.sin(r)]);
  const bytes = Buffer.from(JSON.stringify({ x: rows, y: rows }));
  const parsing = fastest(() => JSON.parse(bytes.toString('utf8')));
  const reading = fastest(() => {
    expect(read(bytes).samples.x.rows).toBe(100_000);
  });
  expect(reading / parsing).toBeLessThan(8);
});

/** Milliseconds of the fastest of five calls, the one that other processes disturbed least. */
function fastest(call: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return Math.min(...times);
}
