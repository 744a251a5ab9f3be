import { fileURLToPath } from 'node:url';

/** The repository's folder, with a slash at the end; this file runs as dist/scripts/root.js. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
