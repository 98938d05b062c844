import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { descriptionFile } from '../../src/backends/description.js';

function builtBackend(): string | null {
  const folder = process.env['HAF_TEST_TENSORFLOW'] ?? '';
  if (folder !== '' && existsSync(join(folder, descriptionFile))) return folder;
  console.warn(
    `SKIPPED: no native TensorFlow ${folder === '' ? '(set HAF_TEST_TENSORFLOW to the folder "backend install" prints)' : `in ${folder}`}`,
  );
  return null;
}

/** Folder of a backend that `backend install` built, for the tests that compute with it; null if there is none. */
export const nativeFolder = builtBackend();
