import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '../sources/hash-file.js';
import { describeFile, type FileKind } from './file-kinds.js';

/** The metadata file of an RO-Crate. It describes the other files and not itself. */
export const crateFile = 'ro-crate-metadata.json';

/** A file of a run directory. */
export interface RunDirectoryFile extends FileKind {
  /** Path relative to the run directory, with slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** All files of a run directory in the order of their paths. Hidden files (lock, temporary files) are left out. */
export async function filesOfRun(folder: string): Promise<readonly RunDirectoryFile[]> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => path !== crateFile && !path.split('/').some((part) => part.startsWith('.')))
    .sort();
  const files: RunDirectoryFile[] = [];
  for (const path of paths) {
    const place = join(folder, path);
    const { size } = statSync(place);
    files.push({ path, bytes: size, sha256: await hashFile(place), ...describeFile(path) });
  }
  return files;
}
