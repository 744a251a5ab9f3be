import { availableParallelism } from 'node:os';
import { envSchema } from 'env-schema';
import { type Static, Type } from 'typebox';

/** Every setting of the service: an environment variable, its default, and the reason for it. */
export const ConfigSchema = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description:
      'Address to listen on. The default is the loopback address: opening the service to a network should be a decision.',
  }),
  PORT: Type.Integer({
    default: 3000,
    minimum: 0,
    maximum: 65_535,
    description: 'Port to listen on; 0 takes a free port.',
  }),
  MODELS_DIR: Type.String({
    default: 'models',
    minLength: 1,
    description: 'Folder of the models: each subfolder with a manifest.json is a model.',
  }),
  DEFAULT_MODEL: Type.String({
    default: 'mist',
    minLength: 1,
    description:
      'The model that answers requests that name no model. The default is the general-purpose one.',
  }),
  WORKERS: Type.Integer({
    default: availableParallelism(),
    minimum: 1,
    maximum: 256,
    description:
      'Model threads, and at most this many helper threads. The default is one per core: a run uses one thread and is limited only by the processor.',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'The least severe level that is logged. The default also logs every request.',
  }),
  MAX_BODY_BYTES: Type.Integer({
    default: 64 * 1024 * 1024,
    minimum: 1024,
    description:
      'Largest body. A million rows of two columns at full precision take about 40 MB of CSV or JSON. A compressed file must fit both as sent and unpacked.',
  }),
  MAX_ROWS: Type.Integer({
    default: 1_000_000,
    minimum: 2,
    description:
      'Rows per request. Time and memory grow in proportion: a million rows of two columns take about 1 GB with two threads.',
  }),
  MAX_DIM: Type.Integer({
    default: 64,
    minimum: 1,
    description: 'Columns per side; default: the maximum the model was trained on.',
  }),
  MAX_COLUMNS: Type.Integer({
    default: 512,
    minimum: 2,
    description:
      'Columns per table of /estimate/pairwise and /estimate/screen. The number of pairs grows with its square.',
  }),
  MAX_STREAM_BYTES: Type.Integer({
    default: 1024 * 1024 * 1024,
    minimum: 1024,
    description:
      'Largest stream of preference pairs in NDJSON or CSV, which is never held whole. A million pairs take about 50 MB of CSV or 150 MB of NDJSON; more with per-token log-probabilities.',
  }),
  MAX_PAIRS: Type.Integer({
    default: 2_000_000,
    minimum: 1,
    description:
      'Preference pairs or candidates per request. Each takes about 60 bytes of memory while the request lasts.',
  }),
  QUEUE_LIMIT: Type.Integer({
    default: 64,
    minimum: 0,
    description:
      'Requests that may wait for a model thread, and calls that may wait for a helper thread. More would only wait past their deadline.',
  }),
  REQUEST_TIMEOUT_MS: Type.Integer({
    default: 30_000,
    minimum: 1,
    description:
      "Time from a request's first byte to its reply. Common proxies give up after 60 seconds.",
  }),
});

/** Defaults that differ from one machine to another, in words. */
export const COMPUTED_DEFAULTS: Partial<Record<keyof Config, string>> = {
  WORKERS: 'number of cores',
};

export type Config = Readonly<Static<typeof ConfigSchema>>;

/**
 * Reads the settings from environment variables.
 *
 * @throws Error naming the variable that is out of its range.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return envSchema<Static<typeof ConfigSchema>>({ schema: ConfigSchema, data: env, env: false });
}
