/**
 * Decides where work runs. The main thread serves all requests, so work that would occupy it for
 * more than a few milliseconds goes to a helper thread. Smaller work stays, because sending its
 * data would take longer than the work. At the limits below, both take about equally long.
 */
import type { HelperPool } from '../threads/helper-pool.js';

const FEW_BYTES = 128 * 1024;
const FEW_PAIRS = 5000;
/** Below this number of samples (rows × columns), one thread counts neighbors fastest. */
const FEW_CELLS = 32_768;

/** How much work there is. A compressed file is always 'large', because it may unpack to more. */
export type Size = { readonly bytes: number } | { readonly pairs: number } | 'large';

/**
 * Runs a function in this thread if its data are small, and in a helper thread if they are not.
 *
 * @param memory buffers of the arguments that may be transferred to the helper thread.
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

/** How many helper threads should share a neighbor search: all, unless other calls are waiting. */
export function searchShares(helpers: HelperPool, cells: number): number {
  return cells < FEW_CELLS || helpers.waiting > 0 ? 1 : helpers.threads;
}

/** The buffer of a byte array, to transfer; none if it is shared, as the bytes are then copied. */
export function memoryOfBytes({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
