/** Entry of a helper thread: one function a kind of task. No model runs here. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type Check, check } from './classical/second-opinion.js';
import { classicalEstimates } from './classical/classical.js';
import { type NeighborCounts, neighborCounts } from './classical/ksg.js';
import { type ErrorCode, type ErrorDetails, MistdError } from './errors.js';
import { type ReadData, readData } from './formats/table/data.js';
import { type DidBody, readDidBody } from './formats/preference/did-body.js';
import { type Preparation, prepare, type Task } from './preference/sufficiency.js';
import type { DidText } from './routes/did/answer.js';
import { ANSWERS } from './routes/did/answers.js';
import { factsOf } from './samples/facts.js';
import type { Samples } from './samples/samples.js';
import type {
  AnswerTask,
  ClassicalAnswer,
  ClassicalTask,
  CountTask,
  ReadDidTask,
  ReadTask,
} from './threads/threads.js';

// Readers of files read in parallel: when one part of a file fails, so may others after the answer.
// That must not end the thread, and with it the next task.
process.on('unhandledRejection', () => {});

/** What comes back: an error crosses threads without its class, so it is spelled out. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

export async function read({ body, form, limits }: ReadTask): Promise<Outcome<ReadData>> {
  return outcome(() => readData({ ...body, bytes: asBuffer(body.bytes) }, form, limits));
}

export async function readDid({ bytes, rules }: ReadDidTask): Promise<Outcome<DidBody>> {
  return outcome(() => readDidBody(asBuffer(bytes), rules));
}

export async function answer({ name, input, limits }: AnswerTask): Promise<Outcome<DidText>> {
  const given = 'bytes' in input ? { bytes: asBuffer(input.bytes) } : input;
  const answered = await outcome(() => ANSWERS[name](given, limits));
  return 'value' in answered ? moved(answered, answered.value.start.buffer) : answered;
}

export async function prepareQuestions(task: Task): Promise<Outcome<Preparation>> {
  return outcome(() => prepare(task));
}

export async function classical({
  samples,
  options,
  counts,
}: ClassicalTask): Promise<Outcome<ClassicalAnswer>> {
  return outcome(() => ({
    estimates: classicalEstimates(samples, options, counts),
    facts: factsOf(samples),
  }));
}

export async function count({
  samples,
  options,
  share,
}: CountTask): Promise<Outcome<NeighborCounts>> {
  return outcome(() => neighborCounts(samples, options, share));
}

export async function secondOpinion(samples: Samples): Promise<Outcome<Check>> {
  return outcome(() => check(samples));
}

/** A result whose memory goes to the other thread instead of a copy of it. */
function moved<T extends object>(result: T, memory: ArrayBuffer): T {
  // Piscina puts its own type on what crosses; the other thread gets the result itself.
  return move({ [transferableSymbol]: [memory], [valueSymbol]: result }) as object as T;
}

/** Bytes that cross threads are a Buffer no more. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
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
