import { assertTemporaryFolder } from '../core/temporary-folder.js';
import type { DataFiles } from '../sources/find-sources.js';

/**
 * Checks, before any job runs, that temporary files can be created if these files are images.
 * @throws HafError HAF_PATH_UNUSABLE if the folder that TMPDIR names cannot be used, HAF_STORE_FULL if its disk is full
 */
export function assertRoomFor(bags: DataFiles['bags']): void {
  // The library that writes coordinates of tiles can only write to files, so it needs a temporary folder.
  if (bags.some(({ kind }) => kind === 'images')) assertTemporaryFolder();
}
