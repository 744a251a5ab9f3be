import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from './config.js';
import { addDocumentation } from './http/documentation.js';
import { addDraining } from './http/draining.js';
import { loggerOptions, requestId } from './http/logging.js';
import { Problem } from './http/problem-schema.js';
import { addProblems, answerError } from './http/problems.js';
import { addReading } from './http/reading.js';
import { Engine } from './inference/engine.js';
import { didRoutes } from './routes/did/index.js';
import { estimateRoutes } from './routes/estimate/index.js';
import { healthRoutes } from './routes/health/index.js';
import { modelRoutes } from './routes/models/index.js';
import { HelperPool } from './threads/helper-pool.js';

/**
 * Composes the service. Models start to load when the app listens; /health/ready reports when they
 * are ready. Closing the app answers all requests that have arrived, then ends the threads.
 */
export async function buildApp(config: Config): Promise<FastifyInstance> {
  const app = Fastify({
    logger: loggerOptions(config),
    bodyLimit: config.MAX_BODY_BYTES,
    // Fastify's own 503 is not a problem document; `addDraining` sends one.
    return503OnClosing: false,
    // A slow upload must not hold its connection longer than any reply may take.
    requestTimeout: config.REQUEST_TIMEOUT_MS,
    genReqId: requestId,
    frameworkErrors: answerError,
    routerOptions: { ignoreTrailingSlash: true },
  });
  const engine = new Engine({
    modelsDir: config.MODELS_DIR,
    defaultModel: config.DEFAULT_MODEL,
    threads: config.WORKERS,
    queueLimit: config.QUEUE_LIMIT,
    onThreadDeath: (err) => app.log.error({ err }, 'A model thread died and is being replaced'),
  });

  const helpers = new HelperPool({
    entry: new URL('./helper-thread.js', import.meta.url),
    threads: config.WORKERS,
    queueLimit: config.QUEUE_LIMIT,
  });
  app.addHook('onClose', () => helpers.close());

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  addDraining(app, engine);
  addReading(app);
  addProblems(app);
  await addDocumentation(app);
  app.addSchema(Problem);
  const service = { engine, helpers, config };
  for (const addRoutes of [estimateRoutes, healthRoutes, modelRoutes, didRoutes]) {
    addRoutes(app, service);
  }

  app.addHook('onListen', async () => {
    // Not awaited, so that liveness probes are answered while the models load.
    void engine.start().then(({ ready, reasons }) => {
      if (ready) app.log.info({ models: engine.models().map(({ id }) => id) }, 'Ready');
      else app.log.error({ reasons }, 'Not ready');
    });
  });
  return app;
}
