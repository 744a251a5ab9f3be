/** The messages between the main thread and a helper thread. */
import { type ErrorCode, type ErrorDetails, MistdError } from '../errors.js';

/** The name of a function to run, and its arguments as plain data. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A result, or the parts of an error, because an error loses its class between threads. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

/** A function that may run in a helper thread; its arguments and result are plain data. */
export type Work = (...args: never[]) => unknown;

/** Runs a function and returns its outcome. Errors other than MistdError are thrown. */
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

/** Returns the result of an outcome. @throws MistdError the error of the outcome. */
export function resultOf<T>(outcome: Outcome<T>): T {
  if ('value' in outcome) return outcome.value;
  throw new MistdError(outcome.code, outcome.message, outcome.details);
}
