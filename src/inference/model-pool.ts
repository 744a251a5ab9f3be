import { Worker } from 'node:worker_threads';
import { MistdError } from '../errors.js';
import { CELLS_PER_RUN, cellsOf, type TaskResult } from './estimate-task.js';
import type { FromThread, LoadedModel, ModelFailure, Outcome, Task, ToThread } from './protocol.js';

export interface PoolOptions {
  readonly models: readonly LoadedModel[];
  readonly threads: number;
  /** Tasks that may wait while all threads are busy. */
  readonly queueLimit: number;
  /** The threads' code; tests give threads that misbehave. */
  readonly entry?: URL;
  /** Told of each thread that ended without being asked to. */
  readonly onDeath: (error: Error) => void;
}

export interface PoolResult extends TaskResult {
  readonly queueMs: number;
}

/** One task on its way: waiting, then running on a thread until settled. */
interface QueuedTask {
  readonly task: Task;
  /** Waiting tasks of the same one share a run; undefined for one that shares it with none. */
  readonly shape: string | undefined;
  readonly cells: number;
  readonly enqueued: number;
  readonly cancelled: Int32Array;
  queueMs: number;
  readonly resolve: (result: PoolResult) => void;
  readonly reject: (error: Error) => void;
}

interface Slot {
  worker: Worker;
  state: 'starting' | 'idle' | 'busy' | 'dead';
  jobs: readonly QueuedTask[];
}

const RESTART_DELAY_MS = 1000;

/**
 * A fixed number of threads that own the ONNX sessions, behind a bounded queue.
 *
 * A run is one synchronous native call: ending its thread (or the process) while it lasts aborts
 * the whole process. So nothing here ever terminates a thread: a task that is given up is
 * answered at once, and its thread stops at the next chance between two runs.
 */
export class ModelPool {
  readonly #options: PoolOptions;
  readonly #batchInvariant: ReadonlySet<string>;
  readonly #slots: Slot[] = [];
  readonly #queue: QueuedTask[] = [];
  #closing = false;
  #averageRunMs = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    const sharing = options.models.filter(({ manifest }) => manifest.batch_invariant === true);
    this.#batchInvariant = new Set(sharing.map(({ manifest }) => manifest.id));
  }

  /**
   * Starts the threads; each loads and warms up every model.
   *
   * @returns the models that failed, in any thread.
   */
  async start(): Promise<ModelFailure[]> {
    const starts = Array.from({ length: this.#options.threads }, () => this.#startSlot());
    const failures = (await Promise.all(starts)).flat();
    return [...new Map(failures.map((failure) => [failure.id, failure])).values()];
  }

  /** Threads that are up. */
  get threads(): number {
    return this.#slots.filter(({ state }) => state === 'idle' || state === 'busy').length;
  }

  /**
   * Runs a task on the first free thread.
   *
   * @param signal gives the task up: its reason rejects the promise.
   * @param admitted for a request that has been let in already: its later tasks may wait, however
   *   many others do.
   * @throws MistdError queue_full, model_failed or worker_died.
   */
  run(task: Task, signal: AbortSignal, admitted = false): Promise<PoolResult> {
    signal.throwIfAborted();
    const busy = this.#slots.every(({ state }) => state !== 'idle');
    const full = busy && this.#queue.length >= this.#options.queueLimit;
    if (full && !admitted) throw this.#queueFull();
    return new Promise<PoolResult>((resolve, reject) => {
      const cancelled = new Int32Array(new SharedArrayBuffer(4));
      const giveUp = () => {
        Atomics.store(cancelled, 0, 1);
        const place = this.#queue.indexOf(job);
        if (place >= 0) this.#queue.splice(place, 1);
        job.reject(signal.reason);
      };
      // A signal may outlive its many tasks.
      const settled = () => signal.removeEventListener('abort', giveUp);
      const job: QueuedTask = {
        task,
        ...this.#runOf(task),
        enqueued: performance.now(),
        cancelled,
        queueMs: 0,
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Lets running and waiting tasks finish, those given up included, then ends the threads. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#slots.map((slot) => this.#stopSlot(slot)));
  }

  async #startSlot(): Promise<readonly ModelFailure[]> {
    const slot: Slot = { worker: this.#newWorker(), state: 'starting', jobs: [] };
    this.#slots.push(slot);
    return this.#watch(slot);
  }

  #newWorker(): Worker {
    return new Worker(this.#options.entry ?? new URL('./model-thread.js', import.meta.url), {
      workerData: { models: this.#options.models },
    });
  }

  /** Follows a slot's thread from start to end; resolves when it has started. */
  #watch(slot: Slot): Promise<readonly ModelFailure[]> {
    const { worker } = slot;
    return new Promise((resolve) => {
      let failure = new Error('the thread ended without an error');
      worker.on('error', (error) => {
        failure = error instanceof Error ? error : new Error(String(error));
      });
      worker.on('message', (message: FromThread) => {
        if (message.type === 'started') resolve(message.failures);
        else this.#settle(slot, message.outcomes);
        slot.state = 'idle';
        this.#dispatch();
      });
      worker.on('exit', () => {
        slot.state = 'dead';
        if (this.#closing) return resolve([]);
        this.#options.onDeath(failure);
        for (const job of slot.jobs) {
          job.reject(
            new MistdError('worker_died', 'The thread ended during this request.', {
              retryAfterSeconds: 1,
              cause: failure,
            }),
          );
        }
        slot.jobs = [];
        // A pause, so that a thread that dies at its start does not spin.
        setTimeout(() => {
          if (this.#closing) return resolve([]);
          slot.worker = this.#newWorker();
          slot.state = 'starting';
          resolve(this.#watch(slot));
        }, RESTART_DELAY_MS);
      });
    });
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (slot.state !== 'idle') continue;
      const jobs = this.#takeJobs();
      if (jobs.length === 0) return;
      for (const job of jobs) job.queueMs = performance.now() - job.enqueued;
      slot.state = 'busy';
      slot.jobs = jobs;
      // Copied, not moved: other tasks may need the same samples.
      const tasks = jobs.map(({ task, cancelled }) => ({ ...task, cancelled }));
      const message: ToThread = { type: 'run', tasks };
      slot.worker.postMessage(message);
    }
  }

  /** The job that waits longest, and those that can share its run: no more than a thread's part. */
  #takeJobs(): QueuedTask[] {
    const most = Math.ceil(this.#queue.length / this.#options.threads);
    const first = this.#queue.shift();
    if (first === undefined) return [];
    const jobs = [first];
    if (first.shape === undefined) return jobs;
    let cells = first.cells;
    for (let i = 0; i < this.#queue.length && jobs.length < most; ) {
      const job = this.#queue[i] as QueuedTask;
      if (job.shape === first.shape && cells + job.cells <= CELLS_PER_RUN) {
        this.#queue.splice(i, 1);
        jobs.push(job);
        cells += job.cells;
      } else {
        i++;
      }
    }
    return jobs;
  }

  /** What decides which tasks share a run: one question each, of the same shape, of a model to which company is nothing. */
  #runOf({ model, questions }: Task): Pick<QueuedTask, 'shape' | 'cells'> {
    const [question, ...others] = questions;
    const alone = question === undefined || others.length > 0 || question.gradientTau !== undefined;
    if (alone || !this.#batchInvariant.has(model)) return { shape: undefined, cells: 0 };
    const { x, y } = question;
    return { shape: [model, x.rows, x.columns, y.columns].join(), cells: cellsOf(question) };
  }

  #settle(slot: Slot, outcomes: readonly Outcome[]): void {
    const { jobs } = slot;
    slot.jobs = [];
    outcomes.forEach((outcome, j) => {
      const job = jobs[j] as QueuedTask;
      if (outcome.type === 'cancelled') return;
      if (outcome.type === 'failed') {
        job.reject(
          new MistdError('model_failed', `Model ${job.task.model} failed on these samples.`, {
            cause: new Error(outcome.reason),
          }),
        );
        return;
      }
      const { encodeMs, inferenceMs } = outcome.result;
      const ownMs = (encodeMs + inferenceMs) / jobs.length;
      this.#averageRunMs += 0.2 * (ownMs - this.#averageRunMs);
      job.resolve({ ...outcome.result, queueMs: job.queueMs });
    });
  }

  async #stopSlot(slot: Slot): Promise<void> {
    if (slot.state === 'dead') return;
    const stop: ToThread = { type: 'stop' };
    await new Promise((resolve) => {
      slot.worker.once('exit', resolve);
      slot.worker.postMessage(stop);
    });
  }

  #queueFull(): MistdError {
    const { queueLimit, threads } = this.#options;
    const seconds = Math.ceil((this.#averageRunMs * (queueLimit + 1)) / threads / 1000);
    return new MistdError(
      'queue_full',
      `All ${threads} threads are busy and ${queueLimit} requests wait already.`,
      { retryAfterSeconds: Math.min(60, Math.max(1, seconds)) },
    );
  }
}
