import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { HafError } from '../core/errors.js';

/** How bytes are written to a temporary file. Tests replace it to simulate a full disk. */
export type WriteBytes = (path: string, bytes: Uint8Array) => Promise<void>;

/** Writes a new file that survives a power failure. */
export const writeDurably: WriteBytes = async (path, bytes) => {
  // A pool thread has nothing else to do while it writes, and a synchronous write of a small file is much faster.
  if (!isMainThread) return writeFileSync(path, bytes, { flag: 'wx', flush: true });
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

const renameTo = async (from: string, to: string): Promise<void> =>
  isMainThread ? rename(from, to) : renameSync(from, to);

/**
 * Writes a file of a store atomically. `write` fills a temporary file that belongs to this call only. `move` gives this
 * file its name. By default it renames the file.
 *
 * @throws HafError HAF_STORE_FULL if the disk is full; no partial file is left
 */
export async function placeStoreFile(
  root: string,
  target: string,
  write: (temporary: string) => Promise<void>,
  move?: (temporary: string) => Promise<void>,
): Promise<void> {
  // A process id would not be unique: the threads of a process share it, and so may containers that share the folder.
  const temporary = join(root, 'tmp', randomUUID());
  let renamed = false;
  try {
    await inFolder(dirname(temporary), () => write(temporary));
    await inFolder(dirname(target), () => (move ?? ((from) => renameTo(from, target)))(temporary));
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

/**
 * Runs a step that needs a folder. The folder nearly always exists, so it is created only after the step has failed
 * without it.
 */
async function inFolder(folder: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    await step();
  }
}
