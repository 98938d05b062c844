import { existsSync, mkdtempSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { collectStore, repairStore, verifyStore } from '../../src/pipeline/cli/store.js';
import { hashOf } from '../../src/pipeline/core/canonical-json.js';
import { lockRun } from '../../src/pipeline/runs/run-lock.js';
import { FolderKeeper } from '../../src/pipeline/store/folder-keeper.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { blobKey, manifestKey } from '../../src/pipeline/store/layout.js';
import { collectable, verifyContents, youngMs } from '../../src/pipeline/store/store-contents.js';
import { bytesOf, testManifest } from '../support/manifests.js';

const names = ['a', 'b', 'c'];

describe('looking after a store', () => {
  let root: string;
  let store: FileStore;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'haf-contents-'));
    store = new FileStore(join(root, 'store'));
    for (const name of names)
      await store.commit(testManifest([await store.write(name, bytesOf(`content of ${name}`))], 1, name));
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(root, { recursive: true });
  });
  const manifestOf = async (name: string) => {
    const manifest = await store.manifest(testManifest([], 1, name).id);
    if (!manifest) throw new Error(`no artifact ${name}`);
    return manifest;
  };
  const pathOf = async (name: string): Promise<string> =>
    join(store.root, blobKey((await manifestOf(name)).files[0]?.sha256 ?? ''));
  /** Replaces the content of a file by other content of the same size. */
  const damage = (path: string): void => writeFileSync(path, `content of ${'?'}`);

  it('finds nothing in a sound store', async () => {
    expect(await verifyContents(new FolderKeeper(store.root))).toMatchObject({
      blobs: 3,
      artifacts: 3,
      damage: [],
    });
    expect(await verifyStore({ store: store.root })).toBe(0);
  });

  it('finds all damage at once, and repair makes every artifact of it absent, and only these', async () => {
    const [a, b] = [await pathOf('a'), await pathOf('b')];
    damage(a);
    rmSync(b);
    const torn = join(store.root, manifestKey((await manifestOf('c')).id));
    writeFileSync(torn, '{');
    const found = (await verifyContents(new FolderKeeper(store.root))).damage;
    expect(new Set(found.map(({ key, what }) => `${what} ${join(store.root, key)}`))).toEqual(
      new Set([`content ${a}`, `missing ${b}`, `manifest ${torn}`]),
    );
    expect(await verifyStore({ store: store.root })).toBe(1);
    expect(await repairStore({ store: store.root })).toBe(0);
    const ids = names.map((name) => testManifest([], 1, name).id);
    expect(await Promise.all(ids.map((id) => new FileStore(store.root).manifest(id)))).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('writes content again that is damaged at its full size', async () => {
    damage(await pathOf('a'));
    const again = new FileStore(store.root);
    const file = await again.write('a', bytesOf('content of a'));
    expect(await again.blob(file.sha256)).not.toBeNull();
  });

  it('collects what is neither needed nor young, manifests before their content', async () => {
    const kept = await manifestOf('a');
    const needed = {
      ids: new Set([kept.id]),
      content: new Set([(await manifestOf('b')).files[0]?.sha256 ?? '']),
    };
    expect(await collectable(new FolderKeeper(store.root), needed, Date.now())).toEqual([]);
    const found = await collectable(new FolderKeeper(store.root), needed, Date.now() + 2 * youngMs);
    const gone = await manifestOf('c');
    expect(found.map(({ name }) => name)).toEqual([
      ...[(await manifestOf('b')).id, gone.id].sort().map((id) => `${id}.json`),
      gone.files[0]?.sha256,
    ]);
  });

  it('removes only with --delete, never while a run is busy, never when no run is known', async () => {
    const runs = join(root, 'runs');
    const options = { store: store.root, runs };
    await expect(collectStore([], options)).rejects.toMatchObject({ code: 'HAF_USAGE' });
    const { RunDirectory } = await import('../../src/pipeline/runs/run-directory.js');
    const { testConfig } = await import('../support/jobs.js');
    const run = new RunDirectory(runs, 'r');
    const facts = { codeVersion: '0', dataRoot: '/', host: 'h', node: 'v20' };
    run.writeInfo({ state: 'succeeded', config: testConfig(), ...facts });
    const recipe = { stage: 'split', version: 1, unit: {}, config: {}, inputs: [], sources: [] };
    run.write('plan.json', JSON.stringify({ split: recipe }));
    const needed = await store.write('x', bytesOf('y'));
    await store.commit({ ...testManifest([needed], 1, 'kept'), id: hashOf(recipe) });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * youngMs });
    const before = readdirSync(store.root, { recursive: true }).length;
    await collectStore([], options);
    expect(readdirSync(store.root, { recursive: true })).toHaveLength(before);
    vi.useRealTimers();
    const lock = await lockRun(run.path, 'r');
    await expect(collectStore([], { ...options, delete: true })).rejects.toMatchObject({
      code: 'HAF_RUN_BUSY',
    });
    await lock.release();
    const gone = await pathOf('a');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * youngMs });
    await collectStore([], { ...options, delete: true });
    vi.useRealTimers();
    expect(existsSync(gone)).toBe(false);
    expect(await store.manifest(hashOf(recipe))).not.toBeNull();
    expect(existsSync(join(store.root, 'haf-store.json'))).toBe(true);
  });
});
