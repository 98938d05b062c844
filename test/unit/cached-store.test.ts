import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { CachedStore } from '../../src/pipeline/store/cached-store.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { blobKey } from '../../src/pipeline/store/layout.js';
import type { Manifest } from '../../src/pipeline/store/store.js';
import { bytesOf, testManifest } from '../support/manifests.js';
import { MemoryRemote } from '../support/memory-remote.js';

const hour = 3600;
const unreachable = (): HafError => new HafError('HAF_STORE_UNREACHABLE', 'Gone.', 'Wait.');

describe('a store with a cache', () => {
  let remote: MemoryRemote;
  let cache: string;
  let store: CachedStore;
  beforeEach(() => {
    remote = new MemoryRemote();
    cache = mkdtempSync(join(tmpdir(), 'haf-cache-'));
    store = new CachedStore(remote, cache, 25);
  });
  const path = (content: string): string => join(cache, blobKey(sha256(content)));
  const age = (file: string, hours: number): void => {
    const then = Date.now() / 1000 - hours * hour;
    utimesSync(file, then, then);
  };
  /** An artifact with one file, made on another machine. */
  const elsewhere = async (content: string): Promise<Manifest> => {
    const other = new CachedStore(remote, mkdtempSync(join(tmpdir(), 'haf-other-')), 1000);
    return other.commit(testManifest([await other.write('a', bytesOf(content))], 1, content));
  };
  const fetched = async (content: string, hours: number): Promise<Manifest> => {
    const manifest = await elsewhere(content);
    await (await store.fetch([{ manifest }])).release();
    age(path(content), hours);
    return manifest;
  };

  it('evicts what was not used for longest, and fetches it again when it is wanted', async () => {
    const [old] = [await fetched('0123456789 old', 3), await fetched('used', 2), await fetched('later', 1)];
    await fetched('0123456789', 0);
    expect(['0123456789 old', 'used', 'later', '0123456789'].map((c) => existsSync(path(c)))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    await store.fetch([{ manifest: old }]);
    expect(store.open(old).bytes('a')).toEqual(Buffer.from('0123456789 old'));
  });

  it('counts a fetch as use', async () => {
    const first = await fetched('0123456789 first', 3);
    await fetched('second', 2);
    await (await store.fetch([{ manifest: first }])).release();
    await fetched('0123456789', 0);
    expect([existsSync(path('0123456789 first')), existsSync(path('second'))]).toEqual([true, false]);
  });

  it('never evicts pinned files, also those that another process has pinned', async () => {
    const first = await fetched('0123456789 mine', 3);
    const second = await fetched('0123456789 theirs', 2);
    const other = new CachedStore(remote, cache, 25);
    const pins = [await store.fetch([{ manifest: first }]), await other.fetch([{ manifest: second }])];
    for (const content of ['0123456789 mine', '0123456789 theirs']) age(path(content), 3);
    await fetched('more than there is room for', 1);
    expect([existsSync(path('0123456789 mine')), existsSync(path('0123456789 theirs'))]).toEqual([
      true,
      true,
    ]);
    for (const pin of pins) await pin.release();
    await fetched('0123456789', 0);
    expect([existsSync(path('0123456789 mine')), existsSync(path('0123456789 theirs'))]).toEqual([
      false,
      false,
    ]);
  });

  it('forgets the pins, and the eviction, of a process that died', async () => {
    const manifest = await fetched('0123456789 old', 3);
    await store.fetch([{ manifest }]);
    age(path('0123456789 old'), 3);
    for (const pin of readdirSync(join(cache, 'pins'))) age(join(cache, 'pins', pin), 1);
    writeFileSync(join(cache, 'evicting'), '');
    age(join(cache, 'evicting'), 1);
    await fetched('0123456789 new', 0);
    expect(existsSync(path('0123456789 old'))).toBe(false);
    expect(existsSync(join(cache, 'evicting'))).toBe(false);
  });

  it('waits with a pin while an eviction that cannot see it runs', async () => {
    const manifest = await fetched('content', 1);
    writeFileSync(join(cache, 'evicting'), '');
    let settled = false;
    const pinning = store.fetch([{ manifest }]).then(() => (settled = true));
    await vi.waitFor(() => expect(readdirSync(join(cache, 'pins'))).toHaveLength(1));
    expect(settled).toBe(false);
    rmSync(path('content'));
    rmSync(join(cache, 'evicting'));
    await pinning;
    expect(existsSync(path('content'))).toBe(true);
  });

  it('keeps what a training process has just written until its commit', async () => {
    const file = await new FileStore(cache).write(
      'a',
      bytesOf('trained weights, more than there is room for'),
    );
    await fetched('0123456789', 0);
    expect((await store.commit(testManifest([file]))).files).toEqual([file]);
    expect(await remote.size(blobKey(file.sha256))).toBe(file.bytes);
  });

  it('downloads a file once for all who want it at the same time', async () => {
    const manifest = await elsewhere('content');
    const download = vi.spyOn(remote, 'getFile');
    await Promise.all([store.fetch([{ manifest }]), store.fetch([{ manifest }])]);
    expect(download).toHaveBeenCalledTimes(1);
    await store.fetch([{ manifest }]);
    expect(download).toHaveBeenCalledTimes(1);
  });

  it('tries a download again that was garbled or cut off, before it gives the file up as damaged', async () => {
    const manifest = await elsewhere('content');
    vi.spyOn(remote, 'getFile')
      .mockRejectedValueOnce(unreachable())
      .mockResolvedValueOnce({ sha256: sha256('garbled') });
    await store.fetch([{ manifest }]);
    expect(store.open(manifest).bytes('a')).toEqual(Buffer.from('content'));
  });

  it('removes nothing when the other side cannot be reached', async () => {
    const manifest = await elsewhere('content');
    const getFile = vi.spyOn(remote, 'getFile').mockRejectedValue(unreachable());
    await expect(store.fetch([{ manifest }])).rejects.toMatchObject({ code: 'HAF_STORE_UNREACHABLE' });
    getFile.mockRestore();
    expect(await store.manifest(manifest.id)).toEqual(manifest);
    expect(readdirSync(join(cache, 'pins'))).toEqual([]);
  });

  it('reports a full disk with what to do and leaves nothing half-written', async () => {
    const manifest = await elsewhere('content');
    vi.spyOn(remote, 'getFile').mockImplementation((_key, file) => {
      writeFileSync(file, 'con');
      return Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    });
    await expect(store.fetch([{ manifest }])).rejects.toMatchObject({ code: 'HAF_STORE_FULL' });
    expect([existsSync(path('content')), readdirSync(join(cache, 'tmp'))]).toEqual([false, []]);
  });

  it('knows its own commit again when the answer to it was lost', async () => {
    const manifest = testManifest([await store.write('a', bytesOf('1'))]);
    const putIf = remote.putIf.bind(remote);
    const lossy = vi.spyOn(remote, 'putIf').mockImplementationOnce(async (...write) => {
      await putIf(...write);
      return false;
    });
    expect(await store.commit(manifest, { replace: true })).toEqual(manifest);
    expect(lossy).toHaveBeenCalledTimes(1);
  });

  it('gives up, and says so, where every conditional write is refused', async () => {
    vi.spyOn(remote, 'putIf').mockResolvedValue(false);
    const manifest = testManifest([await store.write('a', bytesOf('1'))]);
    await expect(store.commit(manifest)).rejects.toMatchObject({ code: 'HAF_STORE_UNREACHABLE' });
  });

  it('refuses a server that ignores the conditions of writes before anything is computed for it', async () => {
    await store.sweep(Date.now());
    vi.spyOn(remote, 'putIf').mockResolvedValue(true);
    await expect(store.sweep(Date.now())).rejects.toMatchObject({
      code: 'HAF_USAGE',
      what: expect.stringContaining('If-None-Match') as string,
    });
  });
});
