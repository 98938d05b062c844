import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Mounts a disk of size $2 at $0, fills it if $1 is "full", and replaces itself by the command that follows (exec). */
const script =
  'mount -t tmpfs -o size="$2" none "$0" && { [ "$1" = empty ] || head -c 4096 /dev/zero > "$0/full"; } && shift 2 && exec "$@"';

/**
 * The beginning of a command line. A command started with it, and no other process, sees a small disk in place of a
 * folder; the disk is full or empty. Returns null, with a note on the console, if no disk can be mounted. Mounting
 * needs root.
 */
export function ownMount(folder: string, disk: 'full' | 'empty', size = '4k'): readonly string[] | null {
  mkdirSync(folder, { recursive: true });
  const within = ['unshare', '-m', 'sh', '-c', script, folder, disk, size];
  try {
    execFileSync(within[0] ?? '', [...within.slice(1), 'true'], { stdio: 'pipe' });
    return within;
  } catch (error) {
    console.warn(`SKIPPED: nothing can be mounted (root needed): ${(error as Error).message}`);
    return null;
  }
}
