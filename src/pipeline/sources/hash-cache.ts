import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Remembers hashes by path, size and modification time, so that a second `up` does not read a cohort of slides again. */
export class HashCache {
  private changed = false;
  private constructor(
    private readonly file: string | null,
    private readonly known: Map<string, string>,
  ) {}

  /** @param file null remembers nothing beyond this object */
  static async open(file: string | null): Promise<HashCache> {
    if (file === null) return new HashCache(null, new Map());
    await mkdir(dirname(file), { recursive: true });
    let known: Record<string, string> = {};
    try {
      known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch {
      // Absent or torn: hashes are computed again.
    }
    return new HashCache(file, new Map(Object.entries(known)));
  }

  async of(path: string): Promise<string> {
    const key = keyOf(path);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const sha256 = await hashFile(path);
    this.known.set(key, sha256);
    this.changed = true;
    return sha256;
  }

  /** Bytes that would have to be read to name this file; 0 for one that is known. */
  bytesToRead(path: string): number {
    return this.known.has(keyOf(path)) ? 0 : statSync(path).size;
  }

  async save(): Promise<void> {
    if (!this.changed || this.file === null) return;
    const temporary = `${this.file}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify(Object.fromEntries(this.known)));
    await rename(temporary, this.file);
  }
}

function keyOf(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path}|${size}|${mtimeMs}`;
}

/** SHA-256 of a file's content, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
