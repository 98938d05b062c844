import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unfinishedPrefix } from '../backends/installed.js';
import type { Tell } from './sources.js';

/**
 * Installs something in a temporary folder. The folder is removed at the end, also when the user interrupts.
 *
 * @param root folder in which the temporary folder is made. A rename can then move the result to its final place
 * @param install receives the folder, and a function to call before it moves the result. After that call an interrupt
 * no longer ends the process, so that the process cannot end between two steps of the move.
 */
export async function inUnfinishedFolder<T>(
  root: string,
  tell: Tell,
  install: (work: string, built: () => void) => Promise<T>,
): Promise<T> {
  await mkdir(root, { recursive: true });
  const work = await mkdtemp(join(root, unfinishedPrefix));
  const abandon = (): void => {
    rmSync(work, { recursive: true, force: true });
    tell('interrupted: nothing was installed, and the temporary folder was removed');
    process.exit(130);
  };
  const built = (): void => void process.off('SIGINT', abandon).off('SIGTERM', abandon);
  process.once('SIGINT', abandon).once('SIGTERM', abandon);
  try {
    return await install(work, built);
  } finally {
    built();
    await rm(work, { recursive: true, force: true });
  }
}
