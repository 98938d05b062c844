import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fittingName } from '../core/file-name.js';

/** Makes a file whole or not at all: who waits for it must not read half of it. `write` is given the path to write to. */
export async function placeFile(
  wanted: string,
  write: (path: string) => void | Promise<void>,
): Promise<void> {
  const path = join(dirname(wanted), fittingName(basename(wanted)));
  mkdirSync(dirname(path), { recursive: true });
  // Not made of the name: a name may be as long as a name can be.
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const temporary = join(dirname(path), `.${hash}.${process.pid}.tmp`);
  try {
    await write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    // Who reads the message knows the file by the name it was to have.
    if (error instanceof Error && 'path' in error && error.path === temporary) error.path = path;
    throw error;
  }
}

/**
 * Makes a folder that can be written to, before hours of work end in one that cannot. Step by step: where a parent lets
 * nobody make a folder and says ENOENT, `recursive` tries for ever.
 */
export function makeWritable(folder: string): void {
  if (!existsSync(folder)) {
    makeWritable(dirname(folder));
    mkdirSync(folder);
  }
  // Of a file it says ENOTDIR.
  accessSync(`${folder}/.`, constants.W_OK | constants.X_OK);
}
