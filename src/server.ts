import { buildApp } from './app.js';
import { loadConfig } from './config.js';

const config = loadConfig();
const app = await buildApp(config);

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Once: ending the process during a run aborts it, so there is no faster way out to offer.
    if (stopping) return;
    stopping = true;
    app.log.info({ signal }, 'Shutting down: answering what has arrived');
    void app.close().then(() => app.log.info('Stopped'));
  });
}

await app.listen({ host: config.HOST, port: config.PORT });
