import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
    throw error;
  }
}

/** `placeFile` of bytes that are there. */
export const placeBytes = (path: string, bytes: Uint8Array): Promise<void> =>
  placeFile(path, (temporary) => writeFileSync(temporary, bytes));
