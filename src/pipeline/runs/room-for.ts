import { assertTemporaryFolder } from '../core/temporary-folder.js';
import type { DataFiles } from '../sources/find-sources.js';

/** Tries, before any work, what the jobs over these files need of this machine. @throws HafError HAF_PATH_UNUSABLE */
export function assertRoomFor(bags: DataFiles['bags']): void {
  // Coordinates of tiles are written by a library that knows files only.
  if (bags.some(({ kind }) => kind === 'images')) assertTemporaryFolder();
}
