import type { Config } from '../config.js';
import type { Engine } from '../inference/engine.js';
import type { HelperPool } from '../threads/helper-pool.js';

/** What the routes work with; buildApp creates it once. */
export interface Service {
  readonly engine: Engine;
  readonly helpers: HelperPool;
  readonly config: Config;
}
