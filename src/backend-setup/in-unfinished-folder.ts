import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unfinishedPrefix } from '../backends/installed.js';
import type { Tell } from './sources.js';

/**
 * Installs something by way of a folder that is removed at the end, also when the user interrupts.
 *
 * @param root where the folder is made, so that a rename moves what was built to its place
 * @param install receives the folder, and a function to call before the result is moved: an interrupt then does not end
 * the process between two steps
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
    tell('interrupted: nothing was installed, nothing is left behind');
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
