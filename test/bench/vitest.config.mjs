import { defineConfig } from 'vitest/config';

// One process: a benchmark beside another measures both. With the Node option of trainers (src/workers/trainer.ts).
export default defineConfig({
  test: {
    ...{ include: ['test/bench/*.bench.ts'], testTimeout: 300_000, maxWorkers: 1, pool: 'forks' },
    execArgv: ['--initial-old-space-size=512'],
  },
});
