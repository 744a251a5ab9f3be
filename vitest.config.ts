import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The HTTP tests drive the built server: its worker threads load JavaScript from dist/.
    globalSetup: ['test/build.ts', 'test/shared-service.ts'],
    // Test files share no state, and starting a process for each takes longer than most of them.
    isolate: false,
    // Built code runs as it is.
    server: { deps: { external: [/\/dist\//] } },
    // Generous: the load tests share the machine with whatever else runs there.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // The service has two model threads; more files at once only slow each other.
    maxWorkers: 2,
  },
});
