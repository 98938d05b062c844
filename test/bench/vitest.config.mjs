import { defineConfig } from 'vitest/config';

// Benchmarks run one after another, because two at the same time would disturb each other. `execArgv` is the Node
// option of trainers (src/workers/trainer.ts).
export default defineConfig({
  test: {
    ...{ include: ['test/bench/*.bench.ts'], testTimeout: 300_000, maxWorkers: 1, pool: 'forks' },
    execArgv: ['--initial-old-space-size=512'],
  },
});
