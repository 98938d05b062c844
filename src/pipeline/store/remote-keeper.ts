import type { Remote } from './remote.js';
import type { StoredObject, StoreKeeper, StorePart } from './store-keeper.js';

/** Maximum number of attempts to read an object, because its content may be cut or corrupted on its way. */
const readTries = 3;
const clockKey = 'gc-clock';

/** Maintains a store in a bucket. */
export class RemoteKeeper implements StoreKeeper {
  readonly uri: string;
  readonly atOnce = 4;
  /**
   * A bucket cannot rename objects, so a damaged object is deleted. A run that finds damage in a bucket does the
   * same.
   */
  readonly aside = 'removed';

  constructor(private readonly remote: Remote) {
    this.uri = remote.uri;
  }

  placeOf(key: string): string {
    return `${this.uri}/${key}`;
  }

  async list(part: StorePart): Promise<readonly StoredObject[]> {
    const found: StoredObject[] = [];
    for await (const { key, bytes, changedMs } of this.remote.list(`${part}/`)) {
      const [, prefix = '', name = '', ...more] = key.split('/');
      if (prefix !== '' && name.startsWith(prefix) && more.length === 0)
        found.push({ key, name, bytes, changedMs });
    }
    return found;
  }

  async text(key: string): Promise<string | null> {
    const found = await this.remote.get(key);
    return found && new TextDecoder().decode(found.bytes);
  }

  async hasContent(key: string, sha256: string): Promise<boolean> {
    for (let left = readTries; left > 0; left--) if ((await this.remote.hash(key)) === sha256) return true;
    return false;
  }

  setAside(key: string): Promise<void> {
    return this.remote.delete(key);
  }

  remove(key: string): Promise<void> {
    return this.remote.delete(key);
  }

  /** The clock of the server is used, because the clock of this machine may be hours off. */
  async now(): Promise<number> {
    await this.remote.put(
      clockKey,
      new TextEncoder().encode('haf-pipeline reads the clock of the server here.\n'),
    );
    let now = Date.now();
    for await (const { key, changedMs } of this.remote.list(clockKey)) if (key === clockKey) now = changedMs;
    await this.remote.delete(clockKey);
    return now;
  }
}
