import { describe, expect, it } from 'vitest';
import { memoryOfBytes, runSomewhere, type Size, searchShares } from '../../src/http/offload.js';
import type { HelperPool } from '../../src/threads/helper-pool.js';

/** Helper threads that say what they were given. */
function helpersWith(threads: number, waiting = 0) {
  const runs: unknown[][] = [];
  const run = async (...call: unknown[]) => {
    runs.push(call);
    return 'there';
  };
  return { helpers: { threads, waiting, run } as unknown as HelperPool, runs };
}

const here = (_text: string): string => 'here';
const { signal } = new AbortController();

describe('work', () => {
  it.each<[Size, string]>([
    [{ bytes: 128 * 1024 }, 'here'],
    [{ bytes: 128 * 1024 + 1 }, 'there'],
    [{ pairs: 5000 }, 'here'],
    [{ pairs: 5001 }, 'there'],
    ['large', 'there'],
  ])('of size %j is done %s', async (size, place) => {
    const { helpers, runs } = helpersWith(2);
    const memory = [new ArrayBuffer(1)];
    expect(await runSomewhere(helpers, here, ['a'], size, signal, memory)).toBe(place);
    expect(runs).toEqual(place === 'here' ? [] : [[here, ['a'], signal, memory]]);
  });

  it('fails by a rejection wherever it is done', async () => {
    const fail = (): string => {
      throw new Error('bad');
    };
    const { helpers } = helpersWith(1);
    await expect(runSomewhere(helpers, fail, [], { bytes: 1 }, signal)).rejects.toThrow('bad');
  });
});

describe('a search for neighbors', () => {
  it('of many rows is shared by all threads, unless others wait for one', () => {
    expect(searchShares(helpersWith(4).helpers, 32_767)).toBe(1);
    expect(searchShares(helpersWith(4).helpers, 32_768)).toBe(4);
    expect(searchShares(helpersWith(4, 1).helpers, 1e6)).toBe(1);
  });
});

describe('the memory of bytes', () => {
  it('moves only when no other bytes lie in it', () => {
    const own = new Uint8Array(8);
    expect(memoryOfBytes(own)).toEqual([own.buffer]);
    expect(memoryOfBytes(own.subarray(1))).toEqual([]);
    expect(memoryOfBytes(new Uint8Array(new SharedArrayBuffer(8)))).toEqual([]);
  });
});
