import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../../pipeline/core/temporary-folder.js';

/** A part of the file, in bytes. */
export interface PixelSpan {
  readonly at: number;
  readonly bytes: number;
}

/**
 * A temporary file through which two processes exchange pixels. The content stays in the page cache of the system, so
 * it costs two copies of memory; a pipe costs a system call and a buffer for every 64 KiB. The name is removed at
 * once, and the system frees the file when both processes have ended, however they end.
 */
export class PixelFile {
  /** Spans in use, in the order of the file. */
  private readonly spans: PixelSpan[] = [];

  private constructor(
    readonly descriptor: number,
    private readonly folder: string,
  ) {}

  /**
   * @throws HafError HAF_PATH_UNUSABLE if the folder for temporary files (TMPDIR) cannot be used, HAF_STORE_FULL if its
   * disk is full
   */
  static open(): PixelFile {
    const folder = makeTemporaryFolder('haf-pixels-');
    try {
      return new PixelFile(openSync(join(folder, 'pixels'), 'wx+', 0o600), folder);
    } finally {
      removeIfPossible(folder);
    }
  }

  /** Reserves the first gap that is large enough, or the end of the file. */
  reserve(bytes: number): PixelSpan {
    let [at, next] = [0, 0];
    for (; next < this.spans.length; next++) {
      const used = this.spans[next] as PixelSpan;
      if (used.at - at >= bytes) break;
      at = used.at + used.bytes;
    }
    const span = { at, bytes };
    this.spans.splice(next, 0, span);
    return span;
  }

  release(span: PixelSpan): void {
    this.spans.splice(this.spans.indexOf(span), 1);
  }

  /** Fills buffers one after another with the content of the file from `at` on. */
  read(at: number, into: readonly Uint8Array[]): void {
    for (const buffer of into)
      for (let filled = 0; filled < buffer.length;) {
        const bytes = readSync(this.descriptor, buffer, filled, buffer.length - filled, at);
        if (bytes === 0) throw new Error(`the pixel file ends at byte ${at}`);
        filled += bytes;
        at += bytes;
      }
  }

  close(): void {
    closeSync(this.descriptor);
    removeIfPossible(this.folder);
  }
}

/**
 * Removes the folder of a pixel file. On NFS this may fail while the file is open: NFS gives a removed file another
 * name in its folder until the file is closed.
 */
function removeIfPossible(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // `close` tries again to remove the folder.
  }
}
