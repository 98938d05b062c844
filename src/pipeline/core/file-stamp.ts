import { statSync, type BigIntStats } from 'node:fs';

/**
 * Coarsest step of a file system's clock, with room: FAT counts in steps of two seconds. A second write within one step
 * leaves the times as they are.
 */
const clockStepMs = 5000;

/**
 * What a file system changes when a file is written to or replaced: size, times of modification and of change, inode.
 * `cp -p`, `rsync -t` and `touch -r` set the time of modification; nobody sets the time of change.
 */
export interface FileStamp {
  readonly text: string;
  readonly bytes: number;
  /** The later of both times, in milliseconds since 1970. */
  readonly changedMs: number;
}

const stampOf = ({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStamp => ({
  text: [size, mtimeNs, ctimeNs, ino].join(' '),
  bytes: Number(size),
  changedMs: Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n),
});

/** The stamp of a file, links followed. @throws the system's error when there is none */
export const fileStamp = (path: string): FileStamp => stampOf(statSync(path, { bigint: true }));

/** The stamp of a file, or null if there is none. */
export function stampIfThere(path: string): FileStamp | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats ? stampOf(stats) : null;
}

/**
 * Whether a later write is bound to change the stamp ("racily clean" in git): false for a file that was changed within
 * the last seconds, or by its time in the future.
 *
 * @param readMs when reading of the content began
 */
export const isSettled = ({ changedMs }: FileStamp, readMs: number): boolean =>
  changedMs + clockStepMs <= readMs;
