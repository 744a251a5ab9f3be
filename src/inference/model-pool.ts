import { Worker } from 'node:worker_threads';
import { MistdError } from '../errors.js';
import { CELLS_PER_RUN, cellsOf, type TaskResult } from './estimate-task.js';
import type { FromThread, LoadedModel, ModelFailure, Outcome, Task, ToThread } from './protocol.js';

export interface PoolOptions {
  readonly models: readonly LoadedModel[];
  readonly threads: number;
  /** Tasks that may wait while all threads are busy. */
  readonly queueLimit: number;
  /** Entry file of the threads; tests use threads that misbehave. */
  readonly entry?: URL;
  /** Called for each thread that ended unexpectedly. */
  readonly onDeath: (error: Error) => void;
}

export interface PoolResult extends TaskResult {
  readonly queueMs: number;
}

/** A task that waits or runs. */
interface QueuedTask {
  readonly task: Task;
  /** Waiting tasks of the same shape share a run; undefined if the task cannot share one. */
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
  /** The tasks that share the thread's current run. */
  running: readonly QueuedTask[];
}

const RESTART_DELAY_MS = 1000;

/**
 * A fixed number of threads that own the ONNX sessions, behind a bounded queue.
 *
 * A run is one synchronous native call; ending its thread (or the process) during the call aborts
 * the whole process. Threads are therefore never terminated: a cancelled task is rejected at once,
 * and its thread stops working on it before the next run.
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

  /** Number of threads that are running. */
  get threads(): number {
    return this.#slots.filter(({ state }) => state === 'idle' || state === 'busy').length;
  }

  /**
   * Runs a task on the first free thread.
   *
   * @param signal cancels the task, which is then rejected with the signal's reason.
   * @param admitted true for the later tasks of a request whose first task was accepted: they may
   *   wait beyond the queue limit.
   * @throws MistdError queue_full, model_failed or worker_died.
   */
  run(task: Task, signal: AbortSignal, admitted = false): Promise<PoolResult> {
    signal.throwIfAborted();
    const busy = this.#slots.every(({ state }) => state !== 'idle');
    const full = busy && this.#queue.length >= this.#options.queueLimit;
    if (full && !admitted) throw this.#queueFull();
    return new Promise<PoolResult>((resolve, reject) => {
      const cancelled = new Int32Array(new SharedArrayBuffer(4));
      const cancel = () => {
        Atomics.store(cancelled, 0, 1);
        const place = this.#queue.indexOf(queued);
        if (place >= 0) this.#queue.splice(place, 1);
        queued.reject(signal.reason);
      };
      // One signal may serve many tasks and outlive them.
      const settled = () => signal.removeEventListener('abort', cancel);
      const queued: QueuedTask = {
        task,
        ...this.#shapeOf(task),
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
      signal.addEventListener('abort', cancel, { once: true });
      this.#queue.push(queued);
      this.#dispatch();
    });
  }

  /** Lets running and waiting tasks finish, cancelled ones included, then ends the threads. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#slots.map((slot) => this.#stopSlot(slot)));
  }

  async #startSlot(): Promise<readonly ModelFailure[]> {
    const slot: Slot = { worker: this.#newWorker(), state: 'starting', running: [] };
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
        for (const queued of slot.running) {
          queued.reject(
            new MistdError('worker_died', 'The model thread ended during this request.', {
              retryAfterSeconds: 1,
              cause: failure,
            }),
          );
        }
        slot.running = [];
        // Wait, so that a thread that dies at its start is not restarted in a tight loop.
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
      const taken = this.#takeTasks();
      if (taken.length === 0) return;
      for (const queued of taken) queued.queueMs = performance.now() - queued.enqueued;
      slot.state = 'busy';
      slot.running = taken;
      // Samples are copied, not transferred, because other tasks may need them.
      const tasks = taken.map(({ task, cancelled }) => ({ ...task, cancelled }));
      const message: ToThread = { type: 'run', tasks };
      slot.worker.postMessage(message);
    }
  }

  /**
   * Takes the oldest task and tasks that can share its run, at most one thread's part of the queue.
   */
  #takeTasks(): QueuedTask[] {
    const most = Math.ceil(this.#queue.length / this.#options.threads);
    const first = this.#queue.shift();
    if (first === undefined) return [];
    const taken = [first];
    if (first.shape === undefined) return taken;
    let cells = first.cells;
    for (let i = 0; i < this.#queue.length && taken.length < most; ) {
      const queued = this.#queue[i] as QueuedTask;
      if (queued.shape === first.shape && cells + queued.cells <= CELLS_PER_RUN) {
        this.#queue.splice(i, 1);
        taken.push(queued);
        cells += queued.cells;
      } else {
        i++;
      }
    }
    return taken;
  }

  /**
   * Tasks share a run if each has one question, of the same shape, and the model is
   * batch-invariant.
   */
  #shapeOf({ model, questions }: Task): Pick<QueuedTask, 'shape' | 'cells'> {
    const [question, ...others] = questions;
    const sharesNone =
      question === undefined || others.length > 0 || question.gradientTau !== undefined;
    if (sharesNone || !this.#batchInvariant.has(model)) return { shape: undefined, cells: 0 };
    const { x, y } = question;
    return { shape: [model, x.rows, x.columns, y.columns].join(), cells: cellsOf(question) };
  }

  #settle(slot: Slot, outcomes: readonly Outcome[]): void {
    const { running } = slot;
    slot.running = [];
    outcomes.forEach((outcome, j) => {
      const queued = running[j] as QueuedTask;
      if (outcome.type === 'cancelled') return;
      if (outcome.type === 'failed') {
        queued.reject(
          new MistdError('model_failed', `Model ${queued.task.model} failed on these samples.`, {
            cause: new Error(outcome.reason),
          }),
        );
        return;
      }
      const { encodeMs, inferenceMs } = outcome.result;
      const ownMs = (encodeMs + inferenceMs) / running.length;
      this.#averageRunMs += 0.2 * (ownMs - this.#averageRunMs);
      queued.resolve({ ...outcome.result, queueMs: queued.queueMs });
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
      `All model threads are busy and the queue is full (threads: ${threads}, waiting requests: ${queueLimit}).`,
      { retryAfterSeconds: Math.min(60, Math.max(1, seconds)) },
    );
  }
}
