import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { blobKey, checkpointKey, manifestKey } from '../../src/pipeline/store/layout.js';
import type { ArtifactStore, Manifest } from '../../src/pipeline/store/store.js';
import { bytesOf, testManifest } from '../support/manifests.js';

/** One store, with operations on its content that the program does not have. */
export interface StoreWorld {
  /** Opens the store again, as another process or another machine does. */
  open(): Promise<ArtifactStore>;
  /** The content of a key in the store itself and not in a cache. */
  read(key: string): Promise<Uint8Array | null>;
  overwrite(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

const id = sha256('recipe');

/** Tests of what every artifact store must do. The test file of each kind of store calls this function. */
export function storeContract(kind: string, make: () => Promise<StoreWorld>): void {
  describe(`store contract: ${kind}`, () => {
    let world: StoreWorld;
    let here: ArtifactStore;
    let there: ArtifactStore;
    beforeEach(async () => {
      world = await make();
      [here, there] = [await world.open(), await world.open()];
      await here.sweep(Date.now());
    });
    const textAt = async (store: ArtifactStore, manifest: Manifest, file: string): Promise<string> => {
      const pinned = await store.fetch([{ manifest }]);
      try {
        // Reads through the local folder only, as a training process does.
        const local = new FileStore(store.localRoot);
        const found = await local.manifest(manifest.id);
        expect(found).toEqual(manifest);
        return new TextDecoder().decode(local.open(manifest).bytes(file));
      } finally {
        await pinned.release();
      }
    };
    const make1 = async (store: ArtifactStore, content = 'content', seconds = 1): Promise<Manifest> =>
      testManifest([await store.write('a', bytesOf(content))], seconds);

    it('shows nothing before the commit, and everything everywhere after it', async () => {
      const manifest = await make1(here);
      expect(await there.manifest(id)).toBeNull();
      expect(await here.commit(manifest)).toEqual(manifest);
      expect(await there.manifest(id)).toEqual(manifest);
      expect(await textAt(there, manifest, 'a')).toBe('content');
    });

    it('commits what a training process wrote into the local folder', async () => {
      const file = await new FileStore(here.localRoot).write('a', bytesOf('trained'));
      const manifest = await here.commit(testManifest([file]));
      expect(await textAt(there, manifest, 'a')).toBe('trained');
    });

    it('lets the first commit win between two clients, one after the other and at once', async () => {
      const [one, two] = [await make1(here, 'x', 1), await make1(there, 'y', 2)];
      await here.commit(one);
      expect((await there.commit(two)).seconds).toBe(1);
      const file = await here.write('a', bytesOf('1'));
      const racing = await Promise.all(
        [1, 2, 3, 4, 5, 6].map((seconds) =>
          (seconds % 2 === 0 ? here : there).commit(testManifest([file], seconds, 'race')),
        ),
      );
      expect(new Set(racing.map(({ seconds }) => seconds)).size).toBe(1);
      expect((await here.manifest(sha256('race')))?.seconds).toBe(racing[0]?.seconds);
    });

    it('keeps the earlier manifest when a forced replay replaces it, and shows the new one everywhere', async () => {
      const first = await here.commit(await make1(here, 'old', 1));
      await textAt(there, first, 'a');
      const second = await make1(here, 'new', 2);
      expect(await here.commit(second, { replace: true })).toEqual(second);
      await here.commit(await make1(here, 'newer', 3), { replace: true });
      const latest = await there.manifest(id);
      expect(latest?.seconds).toBe(3);
      expect(latest && (await textAt(there, latest, 'a'))).toBe('newer');
      for (const [generation, manifest] of [first, second].entries()) {
        const kept = (await world.read(manifestKey(id, generation + 1))) ?? new Uint8Array();
        expect(JSON.parse(new TextDecoder().decode(kept))).toEqual(manifest);
      }
    });

    it('calls an artifact absent when a file is gone or cut short; with named files only these count', async () => {
      const files = [await here.write('a', bytesOf('first')), await here.write('b', bytesOf('second'))];
      const manifest = await here.commit(testManifest(files));
      for (const damage of ['sec', null]) {
        const key = blobKey(sha256('second'));
        await (damage === null ? world.remove(key) : world.overwrite(key, bytesOf(damage)));
        expect(await there.manifest(id)).toBeNull();
        expect(await there.manifest(id, ['b'])).toBeNull();
        expect(await there.manifest(id, ['a'])).toEqual(manifest);
      }
      const pinned = await there.fetch([{ manifest, files: ['a'] }]);
      expect(await new FileStore(there.localRoot).manifest(id, ['a'])).toEqual(manifest);
      expect(there.open(manifest).bytes('a')).toEqual(Buffer.from('first'));
      await pinned.release();
      await here.write('b', bytesOf('second'));
      const replaced = await here.commit(testManifest(files, 2));
      expect(await there.manifest(id)).toEqual(replaced);
    });

    it('detects damaged content, counts the artifact as absent, and takes it computed anew', async () => {
      const manifest = await here.commit(await make1(here));
      await world.overwrite(blobKey(sha256('content')), bytesOf('CONTENT'));
      await expect(textAt(there, manifest, 'a')).rejects.toMatchObject({
        code: 'HAF_STORE_CORRUPT',
        // The error names the artifact, so that the orchestrator has it computed again.
        context: { artifact: id },
      });
      expect(await here.manifest(id)).toBeNull();
      const again = await there.commit(await make1(there, 'computed anew', 2));
      expect(again.seconds).toBe(2);
      expect(await textAt(here, again, 'a')).toBe('computed anew');
    });

    it('heals a torn manifest and a missing one', async () => {
      const manifest = await here.commit(await make1(here));
      for (const torn of ['', '{"v":1,', null]) {
        const key = manifestKey(id);
        await (torn === null ? world.remove(key) : world.overwrite(key, bytesOf(torn)));
        expect(await there.manifest(id)).toBeNull();
        expect(await there.commit(manifest)).toEqual(manifest);
        expect(await here.manifest(id)).toEqual(manifest);
      }
    });

    it('stores a large file by its hash, once, and refuses one that has changed', async () => {
      const path = join(mkdtempSync(join(tmpdir(), 'haf-large-')), 'slide.h5');
      const content = Buffer.alloc(35 << 20, 'features of a slide ');
      writeFileSync(path, content);
      const file = await here.writeFile('slide.h5', path, sha256(content));
      expect(file).toEqual({ name: 'slide.h5', sha256: sha256(content), bytes: content.byteLength });
      const found = await there.blob(sha256(content));
      expect(found && readFileSync(found).equals(content)).toBe(true);
      for (const changed of [Buffer.alloc(30 << 20, 'x'), Buffer.from('short')]) {
        writeFileSync(path, changed);
        await expect(here.writeFile('other', path, sha256('other'))).rejects.toMatchObject({
          code: 'HAF_DATA_CHANGED',
        });
      }
      expect(await there.blob(sha256('other'))).toBeNull();
    });

    it('gives content by its hash, and does not give damaged content', async () => {
      expect(await there.blob(sha256('recipe'))).toBeNull();
      await here.write('recipe', bytesOf('recipe'));
      await world.overwrite(blobKey(sha256('recipe')), bytesOf('RECIPE'));
      expect(await there.blob(sha256('recipe'))).toBeNull();
      await here.write('recipe', bytesOf('recipe'));
      expect(await there.blob(sha256('recipe'))).not.toBeNull();
    });

    it('keeps the latest checkpoint of an artifact for every machine until it is dropped', async () => {
      expect(await there.checkpoint(id)).toBeNull();
      await here.dropCheckpoint(id);
      await here.saveCheckpoint(id, bytesOf('epoch 10'));
      await here.saveCheckpoint(id, bytesOf('epoch 20'));
      expect(Buffer.from((await there.checkpoint(id)) ?? []).toString()).toBe('epoch 20');
      await new FileStore(there.localRoot).saveCheckpoint(id, bytesOf('epoch 30'));
      await there.dropCheckpoint(id);
      expect(await here.checkpoint(id)).toBeNull();
      expect(await new FileStore(there.localRoot).checkpoint(id)).toBeNull();
      expect(await world.read(checkpointKey(id))).toBeNull();
    });
  });
}
