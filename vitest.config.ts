import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The HTTP tests drive the built server: its worker threads load JavaScript from dist/.
    globalSetup: ['test/build.ts'],
    // Generous: the load tests share the machine with whatever else runs there.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Each HTTP test file runs its own model threads; more files at once only slow each other.
    maxWorkers: 2,
  },
});
