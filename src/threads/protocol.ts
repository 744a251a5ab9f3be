/** What the main thread and a helper thread send each other. */
import { type ErrorCode, type ErrorDetails, MistdError } from '../errors.js';

/** A function to run, by its name, and its arguments: plain data. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A result; or an error, spelled out because its class does not survive the way. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

/** A function that may run in a helper thread: plain data in and out. */
export type Work = (...args: never[]) => unknown;

/** The outcome of running a function. Errors that are not the client's are thrown. */
export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (!(error instanceof MistdError)) throw error;
    const { pointer } = error.details;
    return {
      code: error.code,
      message: error.message,
      details: pointer === undefined ? {} : { pointer },
    };
  }
}

/** @throws MistdError what the function threw. */
export function resultOf<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value;
  throw new MistdError(outcome.code, outcome.message, outcome.details);
}
