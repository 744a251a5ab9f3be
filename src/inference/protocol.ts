/** Messages between the main thread and a model thread. */
import type { Question } from '../estimation/question.js';
import type { TaskResult } from './estimate-task.js';
import type { Manifest } from './manifest.js';

/** A model whose files matched the manifest's checksums. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  /** Content of its gradient.onnx, if it has one. */
  readonly gradient?: Uint8Array;
}

export interface ThreadData {
  readonly models: readonly LoadedModel[];
}

/** The unit of work of a model thread: questions to one model. */
export interface Task {
  readonly model: string;
  readonly questions: readonly Question[];
}

/** A task as sent to a thread; `cancelled` becomes 1 when its result is no longer needed. */
export interface SentTask extends Task {
  readonly cancelled: Int32Array;
}

export type ToThread =
  | { readonly type: 'run'; readonly tasks: readonly SentTask[] }
  | { readonly type: 'stop' };

export type FromThread =
  | { readonly type: 'started'; readonly failures: readonly ModelFailure[] }
  /** One outcome per task, in order. */
  | { readonly type: 'ran'; readonly outcomes: readonly Outcome[] };

export type Outcome =
  | { readonly type: 'done'; readonly result: TaskResult }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'cancelled' };

/** Why a model cannot be used; `id` is the name of its folder if the manifest cannot be read. */
export interface ModelFailure {
  readonly id: string;
  readonly reason: string;
}
