import { closeSync, fstatSync, openSync, readSync, watch, type FSWatcher } from 'node:fs';
import { Observable } from 'rxjs';
import { parseEvent } from '../runs/event-line.js';
import type { RunNews } from './page-source.js';

/** Size in bytes of one read of the log. Other requests wait 10 to 20 ms while a chunk is read. */
const chunkBytes = 1 << 18;
const newLine = 10;

/** Polling interval of a log that is still written. A poll is one fstat. */
const lookMs = 50;
/** Polling interval of a log that has had no new line for `silentMs`. */
const idleMs = 500;
const silentMs = 60_000;
/** Delay after a reported change of the file, because more lines of the same burst may follow. */
const burstMs = 5;

/**
 * Follows `events.ndjson` of a run: the events so far, `caught-up`, then new ones. The file system reports changes. A
 * network file system does not report changes by another machine, so the log is polled as well. The log is read in
 * parts, so that other requests are answered while the log of a large run is read.
 */
export const followLog = (path: string): Observable<RunNews> =>
  new Observable((subscriber) => {
    let [file, inode, offset] = [-1, 0, 0];
    let rest: Buffer = Buffer.alloc(0);
    let lastNews = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let watcher: FSWatcher | null = null;
    let [caughtUp, woken] = [false, false];
    const leave = (): void => {
      if (file >= 0) closeSync(file);
      file = -1;
      watcher?.close();
      watcher = null;
    };
    const wake = (): void => {
      if (woken) return;
      woken = true;
      clearTimeout(timer);
      timer = setTimeout(again, burstMs);
    };
    /** @returns whether there may be more to read immediately */
    const look = (): boolean => {
      const open = openIfThere(path);
      if (open < 0) {
        if (file >= 0) {
          leave();
          subscriber.next('gone');
        }
        return false;
      }
      const { ino, size } = fstatSync(open);
      const another = file >= 0 && (ino !== inode || size < offset);
      if (another) subscriber.next('gone');
      if (file < 0 || another) {
        leave();
        [file, inode, offset, rest] = [open, ino, 0, Buffer.alloc(0)];
        watcher = watched(path, wake);
      } else closeSync(open);
      if (size === offset) return false;
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size - offset));
      const read = readSync(file, chunk, 0, chunk.length, offset);
      offset += read;
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      let from = 0;
      for (let to = bytes.indexOf(newLine); to >= 0; to = bytes.indexOf(newLine, from)) {
        if (to > from) subscriber.next(parseEvent(bytes.toString('utf8', from, to)) ?? 'unread');
        from = to + 1;
      }
      rest = bytes.subarray(from);
      lastNews = performance.now();
      return offset < size;
    };
    const again = (): void => {
      woken = false;
      let more = false;
      try {
        more = look();
      } catch (error) {
        return subscriber.error(error);
      }
      if (!more && !caughtUp) {
        caughtUp = true;
        subscriber.next('caught-up');
      }
      const silent = performance.now() - lastNews > silentMs;
      timer = setTimeout(again, more ? 0 : silent ? idleMs : lookMs);
    };
    again();
    return () => {
      clearTimeout(timer);
      leave();
    };
  });

/** Calls back at changes of a file. Null if the system cannot watch it, for example if all watches are in use. */
function watched(path: string, onChange: () => void): FSWatcher | null {
  try {
    return watch(path, { persistent: false }, onChange).on('error', () => undefined);
  } catch {
    return null;
  }
}

function openIfThere(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return -1;
    throw error;
  }
}
