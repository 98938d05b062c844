import { defineConfig } from 'vitest/config';

// One process: a benchmark beside another measures both.
export default defineConfig({
  test: { include: ['test/bench/*.bench.ts'], testTimeout: 300_000, maxWorkers: 1, pool: 'forks' },
});
