import { statSync, type BigIntStats } from 'node:fs';

/**
 * The coarsest clock step of a file system, with a margin: FAT counts in steps of two seconds. A second write within
 * one step does not change the times.
 */
const clockStepMs = 5000;

/**
 * What a file system changes when a file is written or replaced: size, time of modification (mtime), time of change
 * (ctime), inode. `cp -p`, `rsync -t` and `touch -r` can set mtime back; no program can set ctime.
 */
export interface FileStamp {
  readonly text: string;
  readonly bytes: number;
  /** The later of mtime and ctime, in milliseconds since 1970. */
  readonly changedMs: number;
}

const stampOf = ({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStamp => ({
  text: [size, mtimeNs, ctimeNs, ino].join(' '),
  bytes: Number(size),
  changedMs: Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n),
});

/**
 * The stamp of a file. Links are followed.
 * @throws the system's error if the file does not exist
 */
export const fileStamp = (path: string): FileStamp => stampOf(statSync(path, { bigint: true }));

/** The stamp of a file, or null if it does not exist. */
export function stampIfThere(path: string): FileStamp | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats ? stampOf(stats) : null;
}

/**
 * Whether every later write changes the stamp ("racily clean" in git). False for a file that was changed within the
 * last seconds, or whose time is in the future.
 *
 * @param readMs when reading of the content began
 */
export const isSettled = ({ changedMs }: FileStamp, readMs: number): boolean =>
  changedMs + clockStepMs <= readMs;
