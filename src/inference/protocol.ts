/** Messages between the main thread and a model thread. */
import type { Problem } from '../samples/problem.js';
import type { TaskResult } from './estimate-task.js';
import type { Manifest } from './manifest.js';

/** A model whose files matched the manifest's checksums. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

export interface ThreadData {
  readonly models: readonly LoadedModel[];
}

export interface Task {
  readonly model: string;
  readonly problems: readonly Problem[];
}

export type ToThread =
  | { readonly type: 'run'; readonly task: Task; readonly cancelled: Int32Array }
  | { readonly type: 'stop' };

export type FromThread =
  | { readonly type: 'started'; readonly failures: readonly ModelFailure[] }
  | { readonly type: 'done'; readonly result: TaskResult }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'cancelled' };

/** Why a model cannot be used; `id` is its folder's name when the manifest is not readable. */
export interface ModelFailure {
  readonly id: string;
  readonly reason: string;
}
