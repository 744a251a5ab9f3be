import { expect, it } from 'vitest';
import { ERRORS } from '../src/errors.js';

it('remedies name no route that receives data', () => {
  for (const { remedy } of Object.values(ERRORS)) expect(remedy).not.toMatch(/\/(estimate|did)\b/);
});
