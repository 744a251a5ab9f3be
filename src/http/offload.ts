/**
 * Where work is done. The main thread answers all requests, so work that takes it more than a few
 * milliseconds goes to a helper thread; below, sending the data there takes longer than the work.
 * The limits are where both ways take about equally long.
 */
import type { HelperPool } from '../threads/helper-pool.js';

const FEW_BYTES = 128 * 1024;
const FEW_PAIRS = 5000;
/** Samples (rows × columns) whose neighbors one thread counts sooner than several. */
const FEW_CELLS = 32_768;

/** How much work there is. A compressed file is large whatever its size, as it may unpack to more. */
export type Size = { readonly bytes: number } | { readonly pairs: number } | 'large';

/**
 * Runs a function in this thread when its data are small, and in a helper thread when they are not.
 *
 * @param memory buffers of the arguments that may move to the helper thread.
 */
export async function runSomewhere<Args extends readonly unknown[], T>(
  helpers: HelperPool,
  work: (...args: Args) => T,
  args: Args,
  size: Size,
  signal: AbortSignal,
  memory: ArrayBuffer[] = [],
): Promise<Awaited<T>> {
  if (isSmall(size)) return await work(...args);
  return helpers.run(work, args, signal, memory);
}

function isSmall(size: Size): boolean {
  if (size === 'large') return false;
  return 'bytes' in size ? size.bytes <= FEW_BYTES : size.pairs <= FEW_PAIRS;
}

/** How many helper threads should share the search for neighbors: all, unless others wait for one. */
export function searchShares(helpers: HelperPool, cells: number): number {
  return cells < FEW_CELLS || helpers.waiting > 0 ? 1 : helpers.threads;
}

/** The memory of bytes, to be moved; none if they share it with others, and then they are copied. */
export function memoryOfBytes({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
