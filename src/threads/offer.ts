/** The side of a helper thread that answers calls. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type Call, type Outcome, outcomeOf, type Work } from './protocol.js';

/**
 * Makes the handler of a helper thread.
 *
 * @param functions those that it runs, each known by its name.
 */
export function offer(functions: readonly Work[]): (call: Call) => Promise<Outcome<unknown>> {
  const byName = new Map(functions.map((work) => [work.name, work]));
  return async ({ name, args }) => {
    const work = byName.get(name);
    if (work === undefined) throw new Error(`no helper thread offers ${name}`);
    const outcome = await outcomeOf(() => work(...(args as never[])));
    return 'value' in outcome && ownsMemory(outcome.value)
      ? moved(outcome, outcome.value.buffer)
      : outcome;
  };
}

/** Whether a value is bytes that fill their memory, which can then change hands without a copy. */
function ownsMemory(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.byteLength === value.buffer.byteLength;
}

/** An outcome whose memory moves to the main thread instead of being copied. */
function moved<T extends object>(outcome: T, memory: ArrayBuffer): T {
  // Piscina puts a type of its own around what crosses; the main thread gets the outcome itself.
  return move({ [transferableSymbol]: [memory], [valueSymbol]: outcome }) as object as T;
}
