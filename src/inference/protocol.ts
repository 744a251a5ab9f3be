/** Messages between the main thread and a model thread. */
import type { Question } from '../estimation/question.js';
import type { TaskResult } from './estimate-task.js';
import type { Manifest } from './manifest.js';

/** A model whose files matched the manifest's checksums. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  /** Its gradient.onnx, where it has one. */
  readonly gradient?: Uint8Array;
}

export interface ThreadData {
  readonly models: readonly LoadedModel[];
}

export interface Task {
  readonly model: string;
  readonly questions: readonly Question[];
}

/** A task on its way to a thread; `cancelled` becomes 1 once nobody waits for it any more. */
export interface SentTask extends Task {
  readonly cancelled: Int32Array;
}

export type ToThread =
  | { readonly type: 'run'; readonly tasks: readonly SentTask[] }
  | { readonly type: 'stop' };

export type FromThread =
  | { readonly type: 'started'; readonly failures: readonly ModelFailure[] }
  /** One of each task. */
  | { readonly type: 'ran'; readonly outcomes: readonly Outcome[] };

export type Outcome =
  | { readonly type: 'done'; readonly result: TaskResult }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'cancelled' };

/** Why a model cannot be used; `id` is its folder's name when the manifest is not readable. */
export interface ModelFailure {
  readonly id: string;
  readonly reason: string;
}
