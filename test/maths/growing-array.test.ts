import { expect, it } from 'vitest';
import { GrowingArray, growingFloats } from '../../src/maths/growing-array.js';

it('keeps all that was added, through every growth', () => {
  for (const capacity of [undefined, 0, 1, 3]) {
    const array = growingFloats(capacity);
    for (let i = 0; i < 5000; i++) array.push(i / 2);
    expect(array.length).toBe(5000);
    expect(array.values()).toEqual(Float64Array.from({ length: 5000 }, (_, i) => i / 2));
  }
});

it('shows the values so far, and no more', () => {
  const array = growingFloats(10);
  expect(array.values()).toHaveLength(0);
  array.push(4);
  expect([...array.values()]).toEqual([4]);
});

it('asks for memory rarely: it doubles', () => {
  const asked: number[] = [];
  const array = new GrowingArray((length) => {
    asked.push(length);
    return new Int32Array(length);
  }, 2);
  for (let i = 0; i < 17; i++) array.push(i);
  expect(asked).toEqual([2, 4, 8, 16, 32]);
});
