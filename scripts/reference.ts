// Writes the reference pages of docs/ from the code. Run it with: npm run generate
import { writeFile } from 'node:fs/promises';
import { referencePages } from './reference-pages.js';
import { ROOT } from './root.js';

for (const [file, text] of Object.entries(referencePages())) {
  await writeFile(ROOT + file, text);
  console.log(`wrote ${file}`);
}
