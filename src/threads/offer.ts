/** The part of a helper thread that answers calls. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type Call, type Outcome, outcomeOf, type Work } from './protocol.js';

/**
 * Makes the handler of a helper thread.
 *
 * @param functions the functions that the thread runs; a call gives the name of one.
 */
export function offer(functions: readonly Work[]): (call: Call) => Promise<Outcome<unknown>> {
  const byName = new Map(functions.map((work) => [work.name, work]));
  return async ({ name, args }) => {
    const work = byName.get(name);
    if (work === undefined) throw new Error(`helper threads do not offer ${name}`);
    const outcome = await outcomeOf(() => work(...(args as never[])));
    return 'value' in outcome && ownsMemory(outcome.value)
      ? moved(outcome, outcome.value.buffer)
      : outcome;
  };
}

/** Whether a value is a byte array that fills its buffer, which can then move without a copy. */
function ownsMemory(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.byteLength === value.buffer.byteLength;
}

/** Marks an outcome so that its memory moves to the main thread instead of being copied. */
function moved<T extends object>(outcome: T, memory: ArrayBuffer): T {
  // Piscina wraps the outcome in a type of its own; the main thread receives the outcome itself.
  return move({ [transferableSymbol]: [memory], [valueSymbol]: outcome }) as object as T;
}
