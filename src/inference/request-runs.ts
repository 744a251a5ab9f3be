import type { ModelAnswer, Question } from '../estimation/question.js';
import type { Engine } from './engine.js';
import { CELLS_PER_RUN, cellsOf } from './estimate-task.js';
import type { Manifest } from './manifest.js';

/** Time spent on the tasks of a request, summed over threads, in milliseconds. */
export interface RunTiming {
  /** Time until the first task started. */
  queueMs: number;
  encodeMs: number;
  inferenceMs: number;
}

/**
 * Puts the questions of one request to one model. The questions are spread over all threads in
 * tasks of about one run each, so that other requests get their turn in between.
 */
export class RequestRuns {
  readonly timing: RunTiming = { queueMs: 0, encodeMs: 0, inferenceMs: 0 };
  readonly manifest: Manifest;
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  #admitted = false;

  /**
   * @param signal cancels the request: running tasks end after their run, and no more are started.
   */
  constructor(engine: Engine, manifest: Manifest, signal: AbortSignal) {
    this.manifest = manifest;
    this.#engine = engine;
    this.#signal = signal;
  }

  /**
   * Answers in the order of the questions. Which questions share a run depends only on the
   * questions, so the same questions give the same answers.
   *
   * @throws MistdError as ModelPool.run; the signal's reason if it is aborted.
   */
  readonly ask = async (questions: readonly Question[]): Promise<ModelAnswer[]> => {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#signal, failed.signal]);
    const tasks = tasksOf(questions);
    const answers = new Array<readonly ModelAnswer[]>(tasks.length);
    let next = 0;
    const work = async () => {
      while (next < tasks.length) {
        const t = next++;
        answers[t] = await this.#run(tasks[t] as Question[], signal);
      }
    };
    const workers = Array.from({ length: Math.min(this.#engine.threads, tasks.length) }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(workers);
      throw error;
    }
    return answers.flat();
  };

  async #run(questions: readonly Question[], signal: AbortSignal): Promise<readonly ModelAnswer[]> {
    const first = !this.#admitted;
    this.#admitted = true;
    const result = await this.#engine.run(this.manifest, questions, signal, !first);
    if (first) this.timing.queueMs = result.queueMs;
    this.timing.encodeMs += result.encodeMs;
    this.timing.inferenceMs += result.inferenceMs;
    return result.answers;
  }
}

/**
 * Splits questions, in order, into tasks of one full run each; a larger question is its own task.
 */
function tasksOf(questions: readonly Question[]): Question[][] {
  const tasks: Question[][] = [];
  let room = 0;
  for (const question of questions) {
    const cells = cellsOf(question);
    if (cells > room) {
      tasks.push([]);
      room = CELLS_PER_RUN;
    }
    tasks.at(-1)?.push(question);
    room -= cells;
  }
  return tasks;
}
