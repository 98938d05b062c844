import { defineConfig } from 'vitest/config';

// Two cores: more parallel files would only make training tests wait for each other.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
    // What this user has installed decides no test; those of native TensorFlow take HAF_TEST_TENSORFLOW.
    env: { HAF_BACKENDS_DIR: '/nonexistent', HAF_TENSORFLOW: '' },
  },
});
