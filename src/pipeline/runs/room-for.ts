import { assertTemporaryFolder } from '../core/temporary-folder.js';
import type { DataFiles } from '../sources/find-sources.js';

/**
 * Checks, before any job runs, that this machine has what the jobs over these files need.
 * @throws HafError HAF_PATH_UNUSABLE
 */
export function assertRoomFor(bags: DataFiles['bags']): void {
  // The library that writes coordinates of tiles can only write to files, so it needs a temporary folder.
  if (bags.some(({ kind }) => kind === 'images')) assertTemporaryFolder();
}
