import { defineConfig } from 'vitest/config';

/**
 * The slow tier: whole experiments in processes of their own (`test/e2e`), killed workers and brokers. `npm test` leaves
 * them out; `npm test -- --all` and `.ci/run` run them, and so does a command that names one of the files.
 */
export const slow = [
  'test/e2e/*.test.ts',
  'test/integration/faults-*.test.ts',
  'test/integration/page-broker.test.ts',
];

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Two cores: more parallel files would only make training tests wait for each other.
  maxWorkers: 2,
  pool: 'forks',
  // What this user has installed decides no test; those of native TensorFlow take HAF_TEST_TENSORFLOW.
  env: { HAF_BACKENDS_DIR: '/nonexistent', HAF_TENSORFLOW: '' },
} as const;

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'fast', include: ['test/**/*.test.ts'], exclude: slow } },
      { test: { ...shared, name: 'slow', include: slow } },
    ],
  },
});
