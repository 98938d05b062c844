import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HafError } from '../core/errors.js';

/** How bytes reach a temporary file; tests replace it to simulate a full disk. */
export type WriteBytes = (path: string, bytes: Uint8Array) => Promise<void>;

/** Writes a new file that survives a power cut. */
export const writeDurably: WriteBytes = async (path, bytes) => {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

/**
 * Makes a file of a store appear whole or not at all: `write` fills a temporary file of this call alone, `move`
 * gives it its name.
 *
 * @throws HafError HAF_STORE_FULL when there is no room; nothing is left behind
 */
export async function placeFile(
  root: string,
  target: string,
  write: (temporary: string) => Promise<void>,
  move: (temporary: string) => Promise<void> = (temporary) => rename(temporary, target),
): Promise<void> {
  // Process ids repeat: between the threads of one process, and between containers that share the folder.
  const temporary = join(root, 'tmp', randomUUID());
  try {
    await mkdir(join(root, 'tmp'), { recursive: true });
    await mkdir(join(target, '..'), { recursive: true });
    await write(temporary);
    await move(temporary);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new HafError(
        'HAF_STORE_FULL',
        `No space left in the artifact store ${root}.`,
        'Free space or choose another disk with --store, then run the same command again: finished work is kept.',
        { cause: error },
      );
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
