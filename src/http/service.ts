import type { Config } from '../config.js';
import type { Engine } from '../inference/engine.js';
import type { HelperPool } from '../threads/helper-pool.js';

/** What routes work with; buildApp makes it once. */
export interface Service {
  readonly engine: Engine;
  readonly helpers: HelperPool;
  readonly config: Config;
}
