import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from './config.js';
import { Engine } from './inference/engine.js';
import { addDocumentation } from './http/documentation.js';
import { addDraining } from './http/draining.js';
import { addFormats } from './http/samples.js';
import { addProblems, answerError } from './http/problems.js';
import { addReading } from './http/reading.js';
import { batchRoutes } from './routes/estimate/batch/index.js';
import { classicalRoutes } from './routes/estimate/classical/index.js';
import { conditionalRoutes } from './routes/estimate/conditional/index.js';
import { didRoutes } from './routes/did/index.js';
import { estimateRoutes } from './routes/estimate/index.js';
import { gradientRoutes } from './routes/estimate/gradient/index.js';
import { healthRoutes } from './routes/health/index.js';
import { independenceRoutes } from './routes/estimate/independence/index.js';
import { laggedRoutes } from './routes/estimate/lagged/index.js';
import { modelRoutes } from './routes/models/index.js';
import { pairwiseRoutes } from './routes/estimate/pairwise/index.js';
import { Problem } from './http/problem-schema.js';
import { screenRoutes } from './routes/estimate/screen/index.js';
import { Threads } from './threads/threads.js';

/**
 * Composes the service. Models load once it listens; it is ready when /health/ready says so.
 * Closing it answers what has arrived and ends the model threads.
 */
export async function buildApp(config: Config): Promise<FastifyInstance> {
  const app = Fastify({
    logger: { level: config.LOG_LEVEL },
    bodyLimit: config.MAX_BODY_BYTES,
    // Its own answer is not a problem document; the hook below gives one.
    return503OnClosing: false,
    // A body that trickles in must not hold its connection longer than any reply may take.
    requestTimeout: config.REQUEST_TIMEOUT_MS,
    genReqId: (request) => saneId(request.headers['x-request-id']) ?? randomUUID(),
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

  const threads = new Threads({ threads: config.WORKERS, queueLimit: config.QUEUE_LIMIT });
  app.addHook('onClose', () => threads.close());

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  addDraining(app, engine);
  addReading(app);
  addProblems(app);
  await addDocumentation(app);
  app.addSchema(Problem);
  // A scope of their own: these routes alone take other formats than JSON.
  await app.register(async (scope) => {
    addFormats(scope);
    estimateRoutes(scope, engine, threads, config);
    classicalRoutes(scope, threads, config);
    const service = { engine, threads, config };
    pairwiseRoutes(scope, service);
    screenRoutes(scope, service);
    conditionalRoutes(scope, service);
    laggedRoutes(scope, service);
    independenceRoutes(scope, service);
  });
  healthRoutes(app, engine);
  modelRoutes(app, engine, config.DEFAULT_MODEL);
  batchRoutes(app, engine, config);
  gradientRoutes(app, engine, config);
  didRoutes(app, engine, threads, config);

  app.addHook('onListen', async () => {
    // Not awaited: liveness is answered while the models load.
    void engine.start().then(({ ready, reasons }) => {
      if (ready) app.log.info({ models: engine.models().map(({ id }) => id) }, 'Ready');
      else app.log.error({ reasons }, 'Not ready');
    });
  });
  return app;
}

/** A caller's request id, if it is one that is safe to log and to send back. */
function saneId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : undefined;
}
