import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CachedStore } from '../../src/pipeline/store/cached-store.js';
import { blobKey, manifestKey } from '../../src/pipeline/store/layout.js';
import { RemoteKeeper } from '../../src/pipeline/store/remote-keeper.js';
import {
  collectable,
  removeAll,
  setDamageAside,
  verifyContents,
  youngMs,
} from '../../src/pipeline/store/store-contents.js';
import { bytesOf, testManifest } from '../support/manifests.js';
import { MemoryRemote } from '../support/memory-remote.js';

const names = ['a', 'b', 'c'];
const contentOf = (name: string): Uint8Array => bytesOf(`content of ${name}`);

describe('looking after a store in a bucket', () => {
  let cache: string;
  let remote: MemoryRemote;
  let store: CachedStore;
  let keeper: RemoteKeeper;
  beforeEach(async () => {
    cache = mkdtempSync(join(tmpdir(), 'haf-remote-contents-'));
    remote = new MemoryRemote();
    store = new CachedStore(remote, cache, 1 << 30);
    keeper = new RemoteKeeper(remote);
    for (const name of names)
      await store.commit(testManifest([await store.write(name, contentOf(name))], 1, name));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    rmSync(cache, { recursive: true });
  });
  const idOf = (name: string): string => testManifest([], 1, name).id;
  const blobOf = async (name: string): Promise<string> =>
    blobKey((await store.manifest(idOf(name)))?.files[0]?.sha256 ?? '');

  it('finds all damage at once, removes it, and leaves what is sound', async () => {
    expect(await verifyContents(keeper)).toMatchObject({ blobs: 3, artifacts: 3, damage: [] });
    const [a, b, torn] = [await blobOf('a'), await blobOf('b'), manifestKey(idOf('c'))];
    // The new content has the same size, so only the hash shows the change.
    await remote.put(a, contentOf('?'));
    await remote.delete(b);
    await remote.put(torn, bytesOf('{'));
    const { damage } = await verifyContents(keeper);
    expect(new Set(damage.map(({ key, what, jobs }) => `${what} ${key} ${jobs.length}`))).toEqual(
      new Set([`content ${a} 1`, `missing ${b} 1`, `manifest ${torn} 0`]),
    );
    await setDamageAside(keeper, damage);
    expect(await Promise.all(names.map((name) => store.manifest(idOf(name))))).toEqual([null, null, null]);
    const sound = blobKey((await store.write('c', contentOf('c'))).sha256);
    expect(remote.objects.has(sound)).toBe(true);
  });

  it('reads content again that arrived damaged, before it calls it so', async () => {
    const hash = remote.hash.bind(remote);
    const garbled = vi.spyOn(remote, 'hash').mockResolvedValueOnce('0'.repeat(64)).mockImplementation(hash);
    expect((await verifyContents(keeper)).damage).toEqual([]);
    expect(garbled).toHaveBeenCalledTimes(names.length + 1);
  });

  it('collects what is neither needed nor young, and keeps the rest', async () => {
    const needed = { ids: new Set([idOf('a')]), content: new Set<string>() };
    expect(await collectable(keeper, needed, await keeper.now())).toEqual([]);
    // The clock of this machine is ahead. The age of an object is measured with the clock of the server.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * youngMs });
    const [kept, gone] = [await blobOf('a'), await blobOf('b')];
    const found = await collectable(keeper, needed, await keeper.now());
    expect(found.slice(0, 2).map(({ key }) => key)).toEqual(
      expect.arrayContaining(['b', 'c'].map((name) => manifestKey(idOf(name)))),
    );
    await removeAll(keeper, found);
    expect(remote.objects.has(gone)).toBe(false);
    expect([...remote.objects.keys()]).toEqual(expect.arrayContaining([kept, manifestKey(idOf('a'))]));
    expect(await store.manifest(idOf('a'))).not.toBeNull();
    expect(remote.objects.has('gc-clock')).toBe(false);
  });

  it('sees a manifest that is committed while it lists', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * youngMs });
    const list = remote.list.bind(remote);
    const late = testManifest([await store.write('b', contentOf('b'))], 1, 'late');
    vi.spyOn(remote, 'list').mockImplementation(async function* (prefix) {
      yield* list(prefix);
      if (prefix === 'blobs/') await store.commit(late);
    });
    await removeAll(keeper, await collectable(keeper, { ids: new Set(), content: new Set() }, Date.now()));
    expect(await store.manifest(late.id)).not.toBeNull();
  });
});
