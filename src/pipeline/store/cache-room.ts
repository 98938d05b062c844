import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { blobKey } from './layout.js';
import { placeStoreFile } from './place-file.js';
import type { Pinned } from './store.js';

/** Age at which a pin file that was not renewed is ignored: its process has died. */
const pinLifeMs = 10 * 60_000;
const pinRenewalMs = 60_000;
/** Files used within this time are not evicted: a training process may have just written them, without a pin yet. */
const freshMs = 5 * 60_000;
/**
 * Time limit of an eviction, which takes seconds. An eviction that was paused for longer must not continue with an
 * old list of pins.
 */
const evictionMs = 30_000;

/** Names of blobs and checkpoints. An eviction removes no other file of the folder. */
const ownName = /^[0-9a-f]{64}(\.corrupt)?$/;

interface CachedFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/**
 * Keeps a cache folder below a size (LRU): it evicts the blobs that were not used for longest, but never pinned ones.
 * Several processes may share the folder: each pin is a file, and a file announces a running eviction.
 */
export class CacheRoom {
  constructor(
    private readonly root: string,
    private readonly mostBytes: number,
  ) {}

  /** Pins blobs, present or still to be fetched, until they are released. */
  async pin(digests: readonly string[]): Promise<Pinned> {
    const path = join(this.root, 'pins', randomUUID());
    await placeStoreFile(this.root, path, (temporary) => writeFile(temporary, JSON.stringify(digests)));
    const renewal = setInterval(() => void renew(path).catch(() => undefined), pinRenewalMs).unref();
    // An eviction that began before this pin was written may still remove a pinned blob. Later evictions see the pin.
    while (await this.evicting()) await delay(20);
    return {
      release: async () => {
        clearInterval(renewal);
        await rm(path, { force: true });
      },
    };
  }

  /** Records that a blob is used now. False if the blob is absent or incomplete. */
  async touch(digest: string, bytes?: number): Promise<boolean> {
    const path = join(this.root, blobKey(digest));
    try {
      const { size } = await stat(path);
      if (bytes !== undefined && size !== bytes) return false;
      await renew(path);
      return true;
    } catch {
      return false;
    }
  }

  /** Evicts the least recently used files until the size of the remaining files is within the limit. */
  async trim(): Promise<void> {
    const files = await this.files();
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.mostBytes || (await this.evicting())) return;
    try {
      await writeFile(this.marker, '', { flag: 'wx' });
    } catch {
      return;
    }
    const started = Date.now();
    try {
      const pinned = await this.pinned();
      for (const { path, name, bytes, usedAt } of [...files].sort((a, b) => a.usedAt - b.usedAt)) {
        const now = Date.now();
        if (total <= this.mostBytes || now - usedAt < freshMs || now - started > evictionMs) return;
        if (pinned.has(name)) continue;
        await rm(path, { force: true });
        total -= bytes;
      }
    } finally {
      await rm(this.marker, { force: true });
    }
  }

  private get marker(): string {
    return join(this.root, 'evicting');
  }

  /** Whether an eviction runs. Removes the mark of an eviction whose process was killed. */
  private async evicting(): Promise<boolean> {
    const began = await ageOf(this.marker);
    if (began === null) return false;
    if (began < 2 * evictionMs) return true;
    await rm(this.marker, { force: true });
    return false;
  }

  private async pinned(): Promise<ReadonlySet<string>> {
    const folder = join(this.root, 'pins');
    await mkdir(folder, { recursive: true });
    const pinned = new Set<string>();
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const age = await ageOf(path);
      if (age !== null && age > pinLifeMs) await rm(path, { force: true });
      const digests = await readFile(path, 'utf8').catch(() => '[]');
      for (const digest of JSON.parse(digests) as string[]) pinned.add(digest);
    }
    return pinned;
  }

  /** All files that the size limit covers: blobs, and checkpoints that training processes left in the cache folder. */
  private async files(): Promise<readonly CachedFile[]> {
    const found: CachedFile[] = [];
    for (const folder of ['blobs', 'checkpoints'].map((name) => join(this.root, name))) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const { name, parentPath } of entries.filter(
        (entry) => entry.isFile() && ownName.test(entry.name),
      )) {
        const path = join(parentPath, name);
        const file = await stat(path).catch(() => null);
        if (file) found.push({ path, name, bytes: file.size, usedAt: file.mtimeMs });
      }
    }
    return found;
  }
}

const renew = (path: string): Promise<void> => utimes(path, new Date(), new Date());

const ageOf = (path: string): Promise<number | null> =>
  stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => null,
  );
