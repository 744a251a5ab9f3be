/** Writes openapi/openapi.json from the routes; with --check, fails when it is stale instead. */
import { readFile, writeFile } from 'node:fs/promises';
import { buildApp } from './app.js';
import { loadConfig } from './config.js';

const FILE = new URL('../openapi/openapi.json', import.meta.url);

const app = await buildApp({ ...loadConfig({}), LOG_LEVEL: 'silent' });
await app.ready();
const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
await app.close();

if (!process.argv.includes('--check')) {
  await writeFile(FILE, text);
} else if ((await readFile(FILE, 'utf8')) !== text) {
  console.error('openapi/openapi.json is stale: run npm run openapi and commit it.');
  process.exitCode = 1;
}
