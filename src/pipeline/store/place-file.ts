import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { HafError } from '../core/errors.js';

/** How bytes reach a temporary file; tests replace it to simulate a full disk. */
export type WriteBytes = (path: string, bytes: Uint8Array) => Promise<void>;

/** Writes a new file that survives a power cut. */
export const writeDurably: WriteBytes = async (path, bytes) => {
  // A computing thread has nothing else to do meanwhile, and small files take it a fraction of the time this way.
  if (!isMainThread) return writeFileSync(path, bytes, { flag: 'wx', flush: true });
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
 * gives it its name, by renaming unless told otherwise.
 *
 * @throws HafError HAF_STORE_FULL when there is no room; nothing is left behind
 */
export async function placeFile(
  root: string,
  target: string,
  write: (temporary: string) => Promise<void>,
  move?: (temporary: string) => Promise<void>,
): Promise<void> {
  // Process ids repeat: between the threads of one process, and between containers that share the folder.
  const temporary = join(root, 'tmp', randomUUID());
  let renamed = false;
  try {
    await inFolder(dirname(temporary), () => write(temporary));
    await inFolder(dirname(target), () => (move ?? ((from) => rename(from, target)))(temporary));
    renamed = move === undefined;
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
    if (!renamed) await unlink(temporary).catch(() => undefined);
  }
}

/** A step that needs a folder, which is there nearly always: it is made when the step misses it. */
async function inFolder(folder: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    await step();
  }
}
