import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a file whole or not at all: who waits for it must not read half of it. `write` is given the path to write to. */
export async function placeFile(path: string, write: (path: string) => void | Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
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
