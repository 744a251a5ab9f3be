import { MistdError } from '../errors.js';
import type { Question } from '../estimation/question.js';
import type { Manifest } from './manifest.js';
import { ModelPool, type PoolResult } from './model-pool.js';
import type { ModelFailure } from './protocol.js';
import { checkReferenceSamples } from './reference.js';
import { loadModels } from './registry.js';

export interface EngineOptions {
  readonly modelsDir: string;
  readonly defaultModel: string;
  readonly threads: number;
  readonly queueLimit: number;
  readonly onThreadDeath: (error: Error) => void;
}

/** Whether this instance can answer requests, and the reasons if it cannot. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** The models of this process and the threads that run them. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #models = new Map<string, Manifest>();
  #failures: readonly ModelFailure[] = [];
  #pool: ModelPool | undefined;
  #starting: Promise<Readiness> | undefined;
  #loaded = false;
  #draining = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Loads every model and warms up every thread; `readiness` reports failures. */
  start(): Promise<Readiness> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  readiness(): Readiness {
    const reasons = this.#failures.map(({ id, reason }) => `model ${id}: ${reason}`);
    if (this.#draining) reasons.push('the server is shutting down');
    if (!this.#loaded) reasons.push('models are loading');
    if (this.#loaded && this.#pool?.threads === 0) reasons.push('no model thread is running');
    return { ready: reasons.length === 0, reasons };
  }

  /** Manifests of the models that answer requests. */
  models(): Manifest[] {
    return [...this.#models.values()];
  }

  /**
   * @param id default: the default model.
   * @param pointer JSON pointer of the field that named the model.
   * @throws MistdError unknown_model, or model_unavailable while loading or after a failure.
   */
  model(id: string = this.#options.defaultModel, pointer?: string): Manifest {
    const manifest = this.#models.get(id);
    if (manifest !== undefined) return manifest;
    if (!this.#loaded) {
      throw new MistdError('model_unavailable', 'The models are loading.', {
        retryAfterSeconds: 1,
      });
    }
    if (this.#failures.some((failure) => failure.id === id)) {
      throw new MistdError('model_unavailable', `Model ${id} failed to load.`);
    }
    throw new MistdError(
      'unknown_model',
      `There is no model ${JSON.stringify(id)}; the models are ${[...this.#models.keys()].join(', ')}.`,
      pointer === undefined ? {} : { pointer },
    );
  }

  /** Runs questions as one task; see ModelPool.run for the parameters and errors. */
  async run(
    model: Manifest,
    questions: readonly Question[],
    signal: AbortSignal,
    admitted = false,
  ): Promise<PoolResult> {
    if (this.#pool === undefined) throw new Error('the engine has not started');
    if (model.kind === 'mist-reference') {
      for (const question of questions) checkReferenceSamples(model, question);
    }
    return this.#pool.run({ model: model.id, questions }, signal, admitted);
  }

  /** Number of tasks that can run at the same time. */
  get threads(): number {
    return this.#options.threads;
  }

  /** Whether new requests should go to another instance. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Makes this instance not ready; requests that it has received are still answered. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends the threads after their running and waiting tasks. */
  async close(): Promise<void> {
    this.drain();
    await this.#pool?.close();
    await this.#starting;
  }

  async #start(): Promise<Readiness> {
    const { modelsDir, defaultModel, onThreadDeath, ...pool } = this.#options;
    try {
      const { models, failures } = await loadModels(modelsDir);
      if (this.#draining) return this.readiness();
      this.#pool = new ModelPool({ models, ...pool, onDeath: onThreadDeath });
      this.#failures = [...failures, ...(await this.#pool.start())];
      for (const { manifest } of models) {
        if (!this.#failures.some(({ id }) => id === manifest.id)) {
          this.#models.set(manifest.id, manifest);
        }
      }
      if (
        !this.#models.has(defaultModel) &&
        !this.#failures.some(({ id }) => id === defaultModel)
      ) {
        this.#fail(defaultModel, `this default model is not in MODELS_DIR ${modelsDir}`);
      }
    } catch (error) {
      this.#fail(defaultModel, `cannot read MODELS_DIR: ${(error as Error).message}`);
    }
    this.#loaded = true;
    return this.readiness();
  }

  #fail(id: string, reason: string): void {
    this.#failures = [...this.#failures, { id, reason }];
  }
}
