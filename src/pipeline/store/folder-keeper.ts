import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hashFile } from '../sources/hash-file.js';
import type { StoredObject, StoreKeeper, StorePart } from './store-keeper.js';

/** Maintains a store that is a folder. Links in it are never followed. */
export class FolderKeeper implements StoreKeeper {
  readonly uri: string;
  /** One file is read at a time, because a hard disk is slower if it reads two files at once. */
  readonly atOnce = 1;
  readonly aside = 'set aside';

  constructor(root: string) {
    this.uri = resolve(root);
  }

  placeOf(key: string): string {
    return join(this.uri, key);
  }

  async list(part: StorePart): Promise<readonly StoredObject[]> {
    const found: StoredObject[] = [];
    for (const prefix of await namesIn(this.placeOf(part)))
      for (const name of await namesIn(join(this.placeOf(part), prefix))) {
        const key = `${part}/${prefix}/${name}`;
        const stats = await lstat(this.placeOf(key)).catch(() => null);
        if (stats?.isFile() === true && name.startsWith(prefix))
          found.push({ key, name, bytes: stats.size, changedMs: Math.max(stats.mtimeMs, stats.ctimeMs) });
      }
    return found;
  }

  text(key: string): Promise<string | null> {
    return readFile(this.placeOf(key), 'utf8').catch(nullIfGone);
  }

  async hasContent(key: string, sha256: string): Promise<boolean> {
    return (await hashFile(this.placeOf(key)).catch(nullIfGone)) === sha256;
  }

  async setAside(key: string): Promise<void> {
    await rename(this.placeOf(key), `${this.placeOf(key)}.corrupt`).catch(nullIfGone);
  }

  remove(key: string): Promise<void> {
    return rm(this.placeOf(key), { force: true });
  }

  now(): Promise<number> {
    return Promise.resolve(Date.now());
  }
}

const nullIfGone = (error: NodeJS.ErrnoException): null => {
  if (error.code === 'ENOENT') return null;
  throw error;
};

const namesIn = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
