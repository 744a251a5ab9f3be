import { expect, it } from 'vitest';
import { loadConfig } from '../src/config.js';

it('has a default for every setting', () => {
  expect(loadConfig({})).toMatchObject({ HOST: '127.0.0.1', PORT: 3000, MAX_ROWS: 1_000_000 });
});

it('reads numbers from the environment, and only known settings', () => {
  const config = loadConfig({ PORT: '8080', WORKERS: '3', HOME: '/root' });
  expect(config).toMatchObject({ PORT: 8080, WORKERS: 3 });
  expect(config).not.toHaveProperty('HOME');
});

it.each([
  ['PORT', '70000'],
  ['WORKERS', '0'],
  ['LOG_LEVEL', 'loud'],
  ['MAX_ROWS', 'many'],
])('refuses %s=%s by name', (name, value) => {
  expect(() => loadConfig({ [name]: value })).toThrow(name);
});
