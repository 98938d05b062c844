import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fittingName } from '../core/file-name.js';

/**
 * Writes a file atomically, so that no reader sees half of it. `write` gets the path of a temporary file to write to.
 */
export async function placeFile(
  wanted: string,
  write: (path: string) => void | Promise<void>,
): Promise<void> {
  const path = join(dirname(wanted), fittingName(basename(wanted)));
  mkdirSync(dirname(path), { recursive: true });
  // The temporary name is a hash: the name itself plus a suffix could exceed the maximum length of a file name.
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const temporary = join(dirname(path), `.${hash}.${process.pid}.tmp`);
  try {
    await write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    // The error message should name the final path and not the temporary one.
    if (error instanceof Error && 'path' in error && error.path === temporary) error.path = path;
    throw error;
  }
}

/**
 * Makes a folder and checks that it is writable, so that the command fails before hours of work. Creates the parent
 * folders one by one: with `recursive`, Node would try for ever if a parent refuses with ENOENT.
 */
export function makeWritable(folder: string): void {
  if (!existsSync(folder)) {
    makeWritable(dirname(folder));
    mkdirSync(folder);
  }
  // If `folder` is a file, the trailing `/.` makes this check fail with ENOTDIR.
  accessSync(`${folder}/.`, constants.W_OK | constants.X_OK);
}
