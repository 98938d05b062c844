import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Gives a folder a disk of one page that is full, seen by the command alone that runs in its place. */
const script = 'mount -t tmpfs -o size=4k none "$0" && head -c 4096 /dev/zero > "$0/full" && exec "$@"';

/**
 * A command to start another with, for which the disk of a store is full; null, with a word on the console, where
 * nothing can be mounted: that takes root.
 */
export function fullDisk(store: string): readonly string[] | null {
  const temporary = join(store, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const within = ['unshare', '-m', 'sh', '-c', script, temporary];
  try {
    execFileSync(within[0] ?? '', [...within.slice(1), 'true'], { stdio: 'pipe' });
    return within;
  } catch (error) {
    console.warn(`SKIPPED: nothing can be mounted (root needed): ${(error as Error).message}`);
    return null;
  }
}
