import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The service's version, from package.json: one place to change it. */
export const VERSION: string = require('../package.json').version;
