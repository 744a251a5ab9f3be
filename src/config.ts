import { availableParallelism } from 'node:os';
import { envSchema } from 'env-schema';
import { type Static, Type } from 'typebox';

/** Every setting of the service: an environment variable each, its default, and why that default. */
const ConfigSchema = Type.Object({
  // Loopback by default: an estimate endpoint open to a whole network should be a decision.
  HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  // 0 takes a free port.
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65_535 }),
  // Each subfolder with a manifest.json is a model.
  MODELS_DIR: Type.String({ default: 'models', minLength: 1 }),
  DEFAULT_MODEL: Type.String({ default: 'mist', minLength: 1 }),
  // One thread a core: a run is single-threaded and never waits for anything but the processor.
  WORKERS: Type.Integer({ default: availableParallelism(), minimum: 1, maximum: 256 }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
  }),
  // A million rows of two columns at full precision are about 40 MB of CSV or JSON. Compressed
  // files must fit as they are and unpacked.
  MAX_BODY_BYTES: Type.Integer({ default: 64 * 1024 * 1024, minimum: 1024 }),
  // A hundred blocks of the default model.
  MAX_ROWS: Type.Integer({ default: 1_000_000, minimum: 2 }),
  // A side: what the default model was trained on.
  MAX_DIM: Type.Integer({ default: 64, minimum: 1 }),
  // Of a table, for /estimate/pairwise and /estimate/screen; their pairs grow with its square.
  MAX_COLUMNS: Type.Integer({ default: 512, minimum: 2 }),
  // Rows that are streamed, as NDJSON or CSV: they are never held whole. A million preference pairs
  // are about 50 MB of CSV or 150 MB of NDJSON, more with a log-probability a token.
  MAX_STREAM_BYTES: Type.Integer({ default: 1024 * 1024 * 1024, minimum: 1024 }),
  // Preference pairs or candidates of one request: some 60 bytes of memory each while it lasts.
  MAX_PAIRS: Type.Integer({ default: 2_000_000, minimum: 1 }),
  // Requests that wait for a thread. More would only wait past their deadline.
  QUEUE_LIMIT: Type.Integer({ default: 64, minimum: 0 }),
  // From the request's first byte to its reply; common proxies give up after 60 s.
  REQUEST_TIMEOUT_MS: Type.Integer({ default: 30_000, minimum: 1 }),
});

export type Config = Readonly<Static<typeof ConfigSchema>>;

/**
 * Reads the settings from environment variables.
 *
 * @throws Error naming the variable that is out of its range.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return envSchema<Static<typeof ConfigSchema>>({ schema: ConfigSchema, data: env, env: false });
}
