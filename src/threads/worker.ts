/** Entry of a helper thread: one function a kind of task. No model runs here. */
import { type Check, check } from '../classical/check.js';
import { classicalEstimates } from '../classical/classical.js';
import { type ErrorCode, type ErrorDetails, MistdError } from '../errors.js';
import { type ReadData, readData } from '../formats/data.js';
import { factsOf } from '../samples/checks.js';
import type { Samples } from '../samples/samples.js';
import type { ClassicalAnswer, ClassicalTask, ReadTask } from './threads.js';

// Readers of files read in parallel: when one part of a file fails, so may others after the answer.
// That must not end the thread, and with it the next task.
process.on('unhandledRejection', () => {});

/** What comes back: an error crosses threads without its class, so it is spelled out. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

export async function read({ body, known, limits }: ReadTask): Promise<Outcome<ReadData>> {
  const { buffer, byteOffset, byteLength } = body.bytes;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return outcome(() => readData({ ...body, bytes }, known, limits));
}

export async function classical({
  samples,
  options,
}: ClassicalTask): Promise<Outcome<ClassicalAnswer>> {
  return outcome(() => ({
    estimates: classicalEstimates(samples, options),
    facts: factsOf(samples),
  }));
}

export async function secondOpinion(samples: Samples): Promise<Outcome<Check>> {
  return outcome(() => check(samples));
}

async function outcome<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (!(error instanceof MistdError)) throw error;
    const { pointer } = error.details;
    const details = pointer === undefined ? {} : { pointer };
    return { code: error.code, message: error.message, details };
  }
}
