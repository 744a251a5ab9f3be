import { Piscina } from 'piscina';
import { MistdError } from '../errors.js';
import { type Call, type Outcome, resultOf } from './protocol.js';

/** An idle thread ends after this time. */
const IDLE_MS = 60_000;

export interface HelperPoolOptions {
  /** The code of a helper thread; its export `handle` answers calls (see `offer`). */
  readonly entry: URL;
  readonly threads: number;
  /** How many calls may wait while all threads are busy. */
  readonly queueLimit: number;
}

/**
 * Threads for long work that needs no model. They start on demand. A call that is aborted ends at
 * once, together with its thread; a run of a model, in contrast, always finishes.
 */
export class HelperPool {
  readonly threads: number;
  readonly #queueLimit: number;
  readonly #pool: Piscina<Call, Outcome<unknown>>;
  /** Calls that run or wait. */
  #calls = 0;

  constructor({ entry, threads, queueLimit }: HelperPoolOptions) {
    this.threads = threads;
    this.#queueLimit = queueLimit;
    this.#pool = new Piscina({
      filename: entry.href,
      name: 'handle',
      // One thread always runs, so that the first request need not wait for it to start.
      minThreads: 1,
      maxThreads: threads,
      // Piscina 5.3 does not count calls that have a signal; `run` counts them itself.
      maxQueue: Number.POSITIVE_INFINITY,
      idleTimeout: IDLE_MS,
    });
  }

  /** How many calls wait for a thread. */
  get waiting(): number {
    return Math.max(0, this.#calls - this.threads);
  }

  /**
   * Runs a function in a helper thread.
   *
   * @param work a function that the entry file offers; its arguments and result are plain data.
   * @param signal aborts the call; the promise is then rejected with the reason of the signal.
   * @param memory buffers of the arguments to transfer; they are empty here afterwards.
   * @throws MistdError queue_full, body_too_large, or the error of the function.
   */
  async run<Args extends readonly unknown[], T>(
    work: (...args: Args) => T,
    args: Args,
    signal: AbortSignal,
    memory: ArrayBuffer[] = [],
  ): Promise<Awaited<T>> {
    if (this.#calls >= this.threads + this.#queueLimit) {
      throw new MistdError('queue_full', 'All helper threads are busy and the queue is full.', {
        retryAfterSeconds: 1,
      });
    }
    this.#calls++;
    try {
      const call = { name: work.name, args };
      const outcome = await this.#pool.run(call, { signal, transferList: memory });
      return resultOf(outcome as Outcome<Awaited<T>>);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
        throw new MistdError('body_too_large', 'The body needs more memory than a thread may use.');
      }
      throw cause;
    } finally {
      this.#calls--;
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
