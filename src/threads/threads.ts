import { Piscina } from 'piscina';
import type { Check } from '../classical/check.js';
import type { ClassicalEstimate, ClassicalOptions } from '../classical/classical.js';
import { MistdError } from '../errors.js';
import type { Body, DataLimits, ReadData } from '../formats/data.js';
import type { SampleFacts } from '../samples/checks.js';
import type { Samples } from '../samples/samples.js';
import type { Outcome } from './worker.js';

export interface ReadTask {
  readonly body: Body;
  readonly known: readonly string[];
  readonly limits: DataLimits;
}

export interface ClassicalTask {
  readonly samples: Samples;
  readonly options: ClassicalOptions;
}

export interface ClassicalAnswer {
  readonly estimates: readonly ClassicalEstimate[];
  readonly facts: SampleFacts;
}

/** A thread that has had nothing to do for so long ends. */
const IDLE_MS = 60_000;

/**
 * Threads for what takes long and needs no model: reading large bodies, classical estimates. They
 * start when there is work. Unlike a model's, a task here is given up by ending its thread.
 */
export class Threads {
  readonly #pool: Piscina;

  constructor({ threads, queueLimit }: { threads: number; queueLimit: number }) {
    this.#pool = new Piscina({
      filename: new URL('./worker.js', import.meta.url).href,
      // One stays: its start would make the first request wait.
      minThreads: 1,
      maxThreads: threads,
      maxQueue: queueLimit,
      idleTimeout: IDLE_MS,
    });
  }

  read(task: ReadTask, signal: AbortSignal): Promise<ReadData> {
    return this.#run('read', task, signal);
  }

  classical(task: ClassicalTask, signal: AbortSignal): Promise<ClassicalAnswer> {
    return this.#run('classical', task, signal);
  }

  check(samples: Samples, signal: AbortSignal): Promise<Check> {
    return this.#run('secondOpinion', samples, signal);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #run<T>(name: string, task: unknown, signal: AbortSignal): Promise<T> {
    let outcome: Outcome<T>;
    try {
      outcome = await this.#pool.run(task, { name, signal });
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
