import { link, open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Errors of file systems without hard links. exFAT and SMB have none at all, BeeGFS has none between different folders.
 */
const withoutLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL', 'EACCES'];
/** Age at which a claim is ignored: its process has died. A claim is held only while one file is renamed. */
const claimLifeMs = 30_000;
const pauseMs = 20;

/**
 * Gives a finished file its name, unless a file of that name exists. Of several processes exactly one succeeds.
 * Readers see the whole file or none. The temporary file may remain; its owner removes it.
 *
 * @returns false if the name is taken
 */
export async function nameOnce(temporary: string, target: string): Promise<boolean> {
  try {
    await link(temporary, target);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!withoutLinks.includes(code)) throw error;
  }
  return renameClaimed(temporary, target);
}

/**
 * Does the work of `nameOnce` without hard links. Only the process that has created the claim, a file beside the
 * target, may rename.
 */
async function renameClaimed(temporary: string, target: string): Promise<boolean> {
  const claim = `${target}.claim`;
  while (!(await makeClaim(claim))) {
    if (await isThere(target)) return false;
    await sleep(pauseMs);
  }
  try {
    if (await isThere(target)) return false;
    await rename(temporary, target);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

async function makeClaim(claim: string): Promise<boolean> {
  try {
    await (await open(claim, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const age = await stat(claim).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > claimLifeMs) await rm(claim, { force: true });
    return false;
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
