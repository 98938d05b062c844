import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { descriptionFile } from '../../src/backends/description.js';
import { type BackendName, loadBackend } from '../../src/operators/tensor/backend.js';

function builtBackend(): string | null {
  const folder = process.env['HAF_TEST_TENSORFLOW'] ?? '';
  if (folder !== '' && existsSync(join(folder, descriptionFile))) return folder;
  console.warn(
    `SKIPPED: no native TensorFlow ${folder === '' ? '(set HAF_TEST_TENSORFLOW to the folder "backend install" prints)' : `in ${folder}`}`,
  );
  return null;
}

/** Folder of a backend that `backend install` built, for the tests that compute with it; null without one. */
export const nativeFolder = builtBackend();

/** Backends that a test of numbers runs on. */
export const numericBackends: readonly BackendName[] = [
  'wasm',
  'cpu',
  ...(nativeFolder === null ? [] : (['tensorflow'] as const)),
];

/** Makes a backend the current one; `tensorflow` is the one under test, not one that this user has installed. */
export async function useBackend(name: BackendName): Promise<void> {
  if (name === 'tensorflow') process.env['HAF_TENSORFLOW'] = nativeFolder ?? '';
  await loadBackend(name);
}
