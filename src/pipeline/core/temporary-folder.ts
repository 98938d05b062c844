import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HafError } from './errors.js';

/**
 * Creates a folder for temporary files.
 * @throws HafError HAF_PATH_UNUSABLE if the folder that TMPDIR names cannot be used (the message names TMPDIR),
 * HAF_STORE_FULL if its disk is full
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
 * Checks that temporary files can be created, before work that needs them.
 * @throws HafError like `makeTemporaryFolder`
 */
export const assertTemporaryFolder = (): void =>
  rmSync(makeTemporaryFolder('haf-probe-'), { recursive: true, force: true });
