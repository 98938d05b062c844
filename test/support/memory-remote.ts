import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { ListedObject, Remote, RemoteObject } from '../../src/pipeline/store/remote.js';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A remote store in memory. Tests spy on it and make it fail. */
export class MemoryRemote implements Remote {
  readonly uri = 's3://memory';
  readonly objects = new Map<string, RemoteObject & { readonly changedMs: number }>();

  get(key: string): Promise<RemoteObject | null> {
    return Promise.resolve(this.objects.get(key) ?? null);
  }
  async getFile(key: string, path: string): Promise<{ sha256: string } | null> {
    const found = this.objects.get(key);
    if (!found) return null;
    await writeFile(path, found.bytes);
    return { sha256: hash(found.bytes) };
  }
  hash(key: string): Promise<string | null> {
    const found = this.objects.get(key);
    return Promise.resolve(found ? hash(found.bytes) : null);
  }
  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for (const [key, { bytes, changedMs }] of this.objects)
      if (key.startsWith(prefix)) yield await Promise.resolve({ key, bytes: bytes.byteLength, changedMs });
  }
  size(key: string): Promise<number | null> {
    return Promise.resolve(this.objects.get(key)?.bytes.byteLength ?? null);
  }
  put(key: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(key, { bytes, etag: randomUUID(), changedMs: Date.now() });
    return Promise.resolve();
  }
  async putFile(key: string, path: string, sha256: string): Promise<void> {
    const bytes = await readFile(path);
    if (hash(bytes) !== sha256) throw Object.assign(new Error('changed'), { code: 'HAF_DATA_CHANGED' });
    await this.put(key, bytes);
  }
  async putIf(key: string, bytes: Uint8Array, etag: string | null): Promise<boolean> {
    if ((this.objects.get(key)?.etag ?? null) !== etag) return false;
    await this.put(key, bytes);
    return true;
  }
  delete(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }
}
