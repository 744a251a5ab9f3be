import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { referencePages } from '../../scripts/reference-pages.js';
import { ConfigSchema } from '../../src/config.js';

describe('the reference pages of docs/', () => {
  it.each(Object.entries(referencePages()))('%s is what the code gives', (file, text) => {
    // If this fails: npm run generate
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('name every setting', () => {
    const page = referencePages()['docs/settings.md'] as string;
    for (const name of Object.keys(ConfigSchema.properties))
      expect(page).toContain(`| \`${name}\``);
  });
});
