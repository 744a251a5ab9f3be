import { buildApp } from './app.js';
import { loadConfig } from './config.js';

const config = loadConfig();
const app = await buildApp(config);

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Further signals are ignored: exiting while a model runs would crash the process.
    if (stopping) return;
    stopping = true;
    app.log.info({ signal }, 'Shutting down: answering the requests that have arrived');
    void app.close().then(() => app.log.info('Stopped'));
  });
}

await app.listen({ host: config.HOST, port: config.PORT });
