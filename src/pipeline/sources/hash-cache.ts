import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { fileStamp, isSettled, type FileStamp } from '../core/file-stamp.js';
import { hashFile } from './hash-file.js';

/** By path: the stamp of the file when it was hashed (size, times and inode), and its hash. */
const entriesSchema = z.record(z.string(), z.tuple([z.string(), z.string().regex(/^[0-9a-f]{64}$/)]));
const fileSchema = z.object({ v: z.literal(2), files: entriesSchema });
type Entries = z.infer<typeof entriesSchema>;

/** Maximum number of attempts to hash a file. A file that changes while it is read is hashed again. */
const mostTries = 3;

/**
 * Remembers hashes by path and stamp, so that a second `up` does not read all slides of a cohort again. A file with
 * another stamp is hashed again, and so is a file that was changed just before it was hashed.
 */
export class HashCache {
  private changed = false;
  private constructor(
    private readonly file: string | null,
    private readonly known: Map<string, Entries[string]>,
    private readonly trust: boolean,
  ) {}

  /**
   * @param file file of the remembered hashes; if null, hashes are remembered in this object only
   * @param trust if false, ignores the remembered hashes and hashes every file again
   */
  static open(file: string | null, { trust = true }: { readonly trust?: boolean } = {}): HashCache {
    return new HashCache(file, new Map(file === null ? [] : Object.entries(remembered(file))), trust);
  }

  /** @throws NodeJS.ErrnoException: EBUSY if the file changed during each attempt, or an error of the file system */
  async of(path: string, { always = false }: { readonly always?: boolean } = {}): Promise<string> {
    let stamp = fileStamp(path);
    const known = always ? null : this.find(path, stamp);
    if (known !== null) return known;
    for (let left = mostTries; left > 0; left--) {
      const began = Date.now();
      const sha256 = await hashFile(path, stamp.bytes);
      const after = fileStamp(path);
      if (after.text === stamp.text) {
        this.remember(path, isSettled(stamp, began) ? [stamp.text, sha256] : null);
        return sha256;
      }
      stamp = after;
    }
    throw Object.assign(new Error(`${path} is being written to`), { code: 'EBUSY', path });
  }

  /** Bytes that must be read to hash this file. 0 if its hash is remembered. */
  bytesToRead(path: string): number {
    const stamp = fileStamp(path);
    return this.find(path, stamp) === null ? stamp.bytes : 0;
  }

  /**
   * Saves the hashes. Without them the next command only takes longer, so a folder that cannot be written to is no
   * error.
   */
  async save(): Promise<void> {
    if (!this.changed || this.file === null) return;
    const temporary = `${this.file}.${process.pid}.tmp`;
    try {
      // The folder may be that of a store that does not exist yet. Only its owner may read the folder of a store.
      await mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
      const content: z.infer<typeof fileSchema> = { v: 2, files: Object.fromEntries(this.known) };
      await writeFile(temporary, JSON.stringify(content));
      await rename(temporary, this.file);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  private find(path: string, { text }: FileStamp): string | null {
    const [stamp, sha256] = this.known.get(path) ?? [];
    return this.trust && sha256 !== undefined && stamp === text ? sha256 : null;
  }

  private remember(path: string, entry: Entries[string] | null): void {
    const before = this.known.get(path);
    if (before?.join() === entry?.join()) return;
    this.changed = true;
    if (entry === null) this.known.delete(path);
    else this.known.set(path, entry);
  }
}

/**
 * The saved hashes. Empty if the file is missing or damaged, or if a version of the program that computed stamps
 * differently wrote it.
 */
function remembered(file: string): Entries {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).files;
  } catch {
    return {};
  }
}
