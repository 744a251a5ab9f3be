/** Entry of a helper thread: one function a kind of task. No model runs here. */
import { type Check, check } from '../classical/check.js';
import { type ClassicalEstimate, classicalEstimates } from '../classical/classical.js';
import { type ErrorCode, type ErrorDetails, MistdError } from '../errors.js';
import { type ReadData, readData } from '../formats/data.js';
import { type DidBody, readDidBody } from '../formats/did-body.js';
import {
  type PowerLawResult,
  type PowerLawTask,
  powerLawTask,
  type QuestionsResult,
  type QuestionsTask,
  questionsTask,
  type ReportResult,
  type ReportTask,
  reportTask,
} from '../preference/pair-tasks.js';
import type { Samples } from '../samples/samples.js';
import type { ClassicalTask, ReadDidTask, ReadTask } from './threads.js';

// Readers of files read in parallel: when one part of a file fails, so may others after the answer.
// That must not end the thread, and with it the next task.
process.on('unhandledRejection', () => {});

/** What comes back: an error crosses threads without its class, so it is spelled out. */
export type Outcome<T> =
  | { readonly value: T }
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails };

export async function read({ body, known, limits }: ReadTask): Promise<Outcome<ReadData>> {
  return outcome(() => readData({ ...body, bytes: asBuffer(body.bytes) }, known, limits));
}

export async function readDid({ bytes, rules }: ReadDidTask): Promise<Outcome<DidBody>> {
  return outcome(() => readDidBody(asBuffer(bytes), rules));
}

export async function report(task: ReportTask): Promise<Outcome<ReportResult>> {
  return outcome(() => reportTask(task));
}

export async function powerLaw(task: PowerLawTask): Promise<Outcome<PowerLawResult>> {
  return outcome(() => powerLawTask(task));
}

export async function questions(task: QuestionsTask): Promise<Outcome<QuestionsResult>> {
  return outcome(() => questionsTask(task));
}

export async function classical(task: ClassicalTask): Promise<Outcome<ClassicalEstimate[]>> {
  return outcome(() => classicalEstimates(task.samples, task.options));
}

export async function secondOpinion(samples: Samples): Promise<Outcome<Check>> {
  return outcome(() => check(samples));
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
