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
  readonly #pool: Piscina<Call, Outcome<unknown>>;

  constructor({ entry, threads, queueLimit }: HelperPoolOptions) {
    this.threads = threads;
    this.#pool = new Piscina({
      filename: entry.href,
      name: 'handle',
      // One thread always runs, so that the first request need not wait for it to start.
      minThreads: 1,
      maxThreads: threads,
      maxQueue: queueLimit,
      idleTimeout: IDLE_MS,
    });
  }

  /** How many calls wait for a thread. */
  get waiting(): number {
    return this.#pool.queueSize;
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
    try {
      const call = { name: work.name, args };
      const outcome = await this.#pool.run(call, { signal, transferList: memory });
      return resultOf(outcome as Outcome<Awaited<T>>);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const { message, code } = cause as NodeJS.ErrnoException;
      if (message === 'Task queue is at limit') {
        throw new MistdError('queue_full', 'All helper threads are busy and the queue is full.', {
          retryAfterSeconds: 1,
        });
      }
      if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
        throw new MistdError('body_too_large', 'The body needs more memory than a thread may use.');
      }
      throw cause;
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
