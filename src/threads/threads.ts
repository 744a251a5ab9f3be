import { Piscina } from 'piscina';
import type { Check } from '../classical/second-opinion.js';
import {
  type ClassicalEstimate,
  type ClassicalMethod,
  type ClassicalOptions,
  type CountsOfShares,
  ksgVariant,
} from '../classical/classical.js';
import type { KsgOptions, NeighborCounts } from '../classical/ksg.js';
import type { Share } from '../classical/neighbor-search.js';
import { MistdError } from '../errors.js';
import type { Body, DataLimits, Form, ReadData } from '../formats/table/data.js';
import { type BodyRules, type DidBody, readDidBody } from '../formats/preference/did-body.js';
import { memoryOf } from '../preference/pairs.js';
import { type Preparation, prepare, type Task } from '../preference/sufficiency.js';
import type { AnswerLimits, DidInput, DidText } from '../routes/did/answer.js';
import { ANSWERS, type AnswerName } from '../routes/did/answers.js';
import type { SampleFacts } from '../samples/facts.js';
import type { Samples } from '../samples/samples.js';
import type { Outcome } from '../helper-thread.js';

export interface ReadTask<Name extends string = string> {
  readonly body: Body;
  readonly form: Form<Name>;
  readonly limits: DataLimits;
}

export interface ReadDidTask {
  readonly bytes: Buffer;
  readonly rules: BodyRules;
}

export interface AnswerTask {
  readonly name: AnswerName;
  readonly input: DidInput;
  readonly limits: AnswerLimits;
}

export interface ClassicalTask {
  readonly samples: Samples;
  readonly options: ClassicalOptions;
  readonly counts?: CountsOfShares;
}

export interface CountTask {
  readonly samples: Samples;
  readonly options: KsgOptions;
  readonly share: Share;
}

export interface ClassicalAnswer {
  readonly estimates: readonly ClassicalEstimate[];
  readonly facts: SampleFacts;
}

/** Larger bodies are read in a thread: reading them would hold up other requests. */
export const LARGE_BYTES = 128 * 1024;
/** The figures of more pairs are worked out in a thread, for the same reason. */
const MANY_PAIRS = 5000;

/** The neighbors of the rows of more cells are counted in several threads at once. */
const MANY_CELLS = 32_768;

/** A thread that has had nothing to do for so long ends. */
const IDLE_MS = 60_000;

/**
 * Threads for what takes long and needs no model: reading large bodies, classical estimates, the
 * figures of many preference pairs. They start when there is work. Unlike a model's, a task here is
 * given up by ending its thread.
 */
export class Threads {
  readonly #pool: Piscina;

  constructor({ threads, queueLimit }: { threads: number; queueLimit: number }) {
    this.#pool = new Piscina({
      filename: new URL('../helper-thread.js', import.meta.url).href,
      // One stays: its start would make the first request wait.
      minThreads: 1,
      maxThreads: threads,
      maxQueue: queueLimit,
      idleTimeout: IDLE_MS,
    });
  }

  read<Name extends string>(task: ReadTask<Name>, signal: AbortSignal): Promise<ReadData<Name>> {
    return this.#run('read', task, signal);
  }

  async classical(task: ClassicalTask, signal: AbortSignal): Promise<ClassicalAnswer> {
    const counts = await this.#countNeighbors(task, signal);
    return this.#run('classical', { ...task, counts }, signal);
  }

  /** Counts for the KSG methods in all threads, where that is quicker and nobody waits for one. */
  async #countNeighbors(
    { samples, options }: ClassicalTask,
    signal: AbortSignal,
  ): Promise<CountsOfShares> {
    const { rows, columns } = samples.x;
    const few = rows * (columns + samples.y.columns) < MANY_CELLS;
    const of = this.#pool.options.maxThreads;
    const counts = new Map<ClassicalMethod, NeighborCounts[]>();
    if (few || of === 1 || this.#pool.queueSize > 0) return counts;
    for (const method of options.methods) {
      const variant = ksgVariant(method);
      if (variant === undefined) continue;
      const shares = Array.from({ length: of }, (_, from): CountTask => {
        return { samples, options: { k: options.k, variant }, share: { from, of } };
      });
      const tasks = shares.map((share) => this.#run<NeighborCounts>('count', share, signal));
      counts.set(method, await Promise.all(tasks));
    }
    return counts;
  }

  check(samples: Samples, signal: AbortSignal): Promise<Check> {
    return this.#run('secondOpinion', samples, signal);
  }

  /** Reads a JSON body of /did. */
  async readDid(task: ReadDidTask, signal: AbortSignal): Promise<DidBody> {
    if (task.bytes.length <= LARGE_BYTES) return readDidBody(task.bytes, task.rules);
    return this.#run('readDid', task, signal, memoryOfBytes(task.bytes));
  }

  /** Answers a request of /did. The memory of many pairs goes along and is empty afterwards. */
  async answer(
    name: AnswerName,
    input: DidInput,
    limits: AnswerLimits,
    signal: AbortSignal,
  ): Promise<DidText> {
    if (isSmall(input)) return ANSWERS[name](input, limits);
    const moved = 'read' in input ? memoryOf(input.read.pairs) : memoryOfBytes(input.bytes);
    return this.#run('answer', { name, input, limits }, signal, moved);
  }

  /** The part of /did/sufficiency before the model; the memory of many pairs goes along. */
  async prepare(task: Task, signal: AbortSignal): Promise<Preparation> {
    if (task.pairs.count <= MANY_PAIRS) return prepare(task);
    return this.#run('prepareQuestions', task, signal, memoryOf(task.pairs));
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #run<T>(
    name: string,
    task: unknown,
    signal: AbortSignal,
    moved: ArrayBuffer[] = [],
  ): Promise<T> {
    let outcome: Outcome<T>;
    try {
      outcome = await this.#pool.run(task, { name, signal, transferList: moved });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const { message } = cause as Error;
      if (message === 'Task queue is at limit') {
        throw new MistdError('queue_full', 'All helper threads are busy and more requests wait.', {
          retryAfterSeconds: 1,
        });
      }
      if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
        throw new MistdError('body_too_large', 'The body takes more memory than a thread has.');
      }
      throw cause;
    }
    if ('value' in outcome) return outcome.value;
    throw new MistdError(outcome.code, outcome.message, outcome.details);
  }
}

function isSmall(input: DidInput): boolean {
  return 'read' in input ? input.read.pairs.count <= MANY_PAIRS : input.bytes.length <= LARGE_BYTES;
}

/** Bytes that share their memory with others cannot be moved, and are copied. */
function memoryOfBytes({ buffer, length }: Buffer): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === length ? [buffer] : [];
}
