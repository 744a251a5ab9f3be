/** Writes openapi/openapi.json from the routes; a test fails when it is stale. */
import { writeFile } from 'node:fs/promises';
import { buildApp } from './app.js';
import { loadConfig } from './config.js';

// This file runs as dist/src/openapi.js.
const FILE = new URL('../../openapi/openapi.json', import.meta.url);

const app = await buildApp({ ...loadConfig({}), LOG_LEVEL: 'silent' });
await app.ready();
const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
await app.close();

await writeFile(FILE, text);
