import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HafError } from './errors.js';

/**
 * Creates a folder for temporary files.
 * @throws HafError HAF_PATH_UNUSABLE that names TMPDIR, HAF_STORE_FULL
 */
export function makeTemporaryFolder(prefix: string): string {
  const place = tmpdir();
  try {
    return mkdtempSync(join(place, prefix));
  } catch (error) {
    const { code, fix } = HafError.from(error);
    const { code: reason = '' } = error as NodeJS.ErrnoException;
    if (code !== 'HAF_PATH_UNUSABLE') throw HafError.from(error);
    throw new HafError(
      'HAF_PATH_UNUSABLE',
      `Temporary files cannot be written to ${place} (${reason}), the folder that TMPDIR names.`,
      reason === 'ENOENT' ? 'Create the folder, or set TMPDIR to an existing folder.' : fix,
      { cause: error },
    );
  }
}

/**
 * Checks the folder for temporary files before work that needs it.
 * @throws HafError like `makeTemporaryFolder`
 */
export const assertTemporaryFolder = (): void =>
  rmSync(makeTemporaryFolder('haf-probe-'), { recursive: true, force: true });
