import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { markerFile } from '../../src/pipeline/store/store-folder.js';
import type { Manifest, StoredFile } from '../../src/pipeline/store/store.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const manifest = (files: StoredFile[], seconds = 1): Manifest => ({
  v: 1,
  id: sha256('recipe'),
  key: 'split',
  stage: 'split',
  unit: {},
  codeVersion: '0',
  files,
  problems: [],
  metrics: {},
  worker: 'w',
  seconds,
  peakRssMiB: 1,
});
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile() && f.name !== markerFile)
    .map((f) => f.name);

describe('the artifact store on disk', () => {
  let root: string;
  let store: FileStore;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-store-'));
    store = new FileStore(root);
  });

  it('gives back what was written, and knows nothing before the manifest is committed', async () => {
    const file = await store.write('a.json', bytes('{"x":1}'));
    expect(await store.manifest(sha256('recipe'))).toBeNull();
    await store.commit(manifest([file]));
    const found = await new FileStore(root).manifest(sha256('recipe'));
    expect(found).toEqual(manifest([file]));
    expect(store.open(manifest([file])).json('a.json', z.object({ x: z.number() }))).toEqual({ x: 1 });
  });

  it('keeps the first commit of an id; a replacing one keeps the earlier manifest beside it', async () => {
    const file = await store.write('a', bytes('1'));
    await store.commit(manifest([file], 1));
    expect((await store.commit(manifest([file], 2))).seconds).toBe(1);
    await store.commit(manifest([file], 3), { replace: true });
    expect((await store.manifest(sha256('recipe')))?.seconds).toBe(3);
    expect(filesBelow(join(root, 'artifacts')).sort()).toEqual([
      `${sha256('recipe')}.1.json`,
      `${sha256('recipe')}.json`,
    ]);
  });

  it('lets one of several concurrent commits win', async () => {
    const file = await store.write('a', bytes('1'));
    const results = await Promise.all(
      [1, 2, 3, 4].map((seconds) => new FileStore(root).commit(manifest([file], seconds))),
    );
    expect(new Set(results.map(({ seconds }) => seconds)).size).toBe(1);
  });

  it('calls an artifact absent when one of its files is gone or cut short', async () => {
    const file = await store.write('a', bytes('content'));
    await store.commit(manifest([file]));
    const path = store.open(manifest([file])).path('a');
    writeFileSync(path, 'cont');
    expect(await store.manifest(sha256('recipe'))).toBeNull();
    rmSync(path);
    expect(await store.manifest(sha256('recipe'))).toBeNull();
  });

  it('detects damaged content by its hash, sets it aside and so has it computed again', async () => {
    const file = await store.write('a', bytes('content'));
    await store.commit(manifest([file]));
    writeFileSync(join(root, 'blobs', file.sha256.slice(0, 2), file.sha256), 'CONTENT');
    expect(() => new FileStore(root).open(manifest([file])).bytes('a')).toThrowError(
      /does not match its hash/,
    );
    expect(await store.manifest(sha256('recipe'))).toBeNull();
    await store.write('a', bytes('content'));
    expect(readFileSync(new FileStore(root).open(manifest([file])).path('a'), 'utf8')).toBe('content');
  });

  it('verifies content again that was changed after it had been verified', async () => {
    const file = await store.write('a', bytes('content'));
    await store.commit(manifest([file]));
    const path = store.open(manifest([file])).path('a');
    expect(await store.blob(file.sha256)).toBe(path);
    writeFileSync(path, 'CONTENT');
    utimesSync(path, 1, 1);
    expect(() => store.open(manifest([file])).bytes('a')).toThrow(
      expect.objectContaining({ code: 'HAF_STORE_CORRUPT' }),
    );
    await store.write('a', bytes('content'));
    writeFileSync(path, 'CONTENT');
    utimesSync(path, 2, 2);
    expect(await store.blob(file.sha256)).toBeNull();
  });

  it('reports a full disk with what to do and leaves nothing half-written', async () => {
    const full = new FileStore(root, async (path, data) => {
      writeFileSync(path, data.subarray(0, 3));
      return Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    });
    await expect(full.write('a', bytes('content'))).rejects.toMatchObject({
      code: 'HAF_STORE_FULL',
      retryable: false,
    });
    expect(filesBelow(root)).toEqual([]);
  });

  it('keeps the earlier artifact when the disk is full while it is being replaced', async () => {
    const file = await store.write('a', bytes('1'));
    await store.commit(manifest([file], 1));
    const full = new FileStore(root, () =>
      Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })),
    );
    await expect(full.commit(manifest([file], 2), { replace: true })).rejects.toMatchObject({
      code: 'HAF_STORE_FULL',
    });
    expect((await store.manifest(sha256('recipe')))?.seconds).toBe(1);
  });

  it('replaces a damaged artifact, but not one that another process commits meanwhile', async () => {
    const file = await store.write('a', bytes('1'));
    const gone = { name: 'b', sha256: sha256('gone'), bytes: 4 };
    await store.commit(manifest([file, gone], 1));
    const late = new FileStore(root, async (path, data) => {
      if ((await store.manifest(sha256('recipe'))) === null) await store.commit(manifest([file], 2));
      writeFileSync(path, data);
    });
    expect((await late.commit(manifest([file], 3))).seconds).toBe(2);
    expect((await store.manifest(sha256('recipe')))?.seconds).toBe(2);
    expect(filesBelow(join(root, 'artifacts'))).toHaveLength(2);
    expect(filesBelow(join(root, 'tmp'))).toEqual([]);
  });

  it('never names two temporary files alike, also not in two threads of one process', async () => {
    const names: string[] = [];
    const write = async (content: string): Promise<void> => {
      vi.resetModules();
      const { FileStore: Fresh } = await import('../../src/pipeline/store/file-store.js');
      const spying = new Fresh(root, (path, data) => {
        names.push(path);
        return Promise.resolve(writeFileSync(path, data));
      });
      await spying.commit(manifest([await store.write('a', bytes(content))]), { replace: true });
    };
    for (const content of ['1', '2', '3']) await write(content);
    expect(new Set(names).size).toBe(3);
  });

  it('heals a torn manifest, and says which file it may not read', async () => {
    const file = await store.write('a', bytes('1'));
    await store.commit(manifest([file], 1));
    const path = join(root, 'artifacts', sha256('recipe').slice(0, 2), `${sha256('recipe')}.json`);
    for (const torn of ['', '{"v":1,']) {
      writeFileSync(path, torn);
      expect(await store.manifest(sha256('recipe'))).toBeNull();
      expect((await store.commit(manifest([file], 2))).seconds).toBe(2);
      expect((await store.manifest(sha256('recipe')))?.seconds).toBe(2);
    }
    rmSync(path);
    mkdirSync(path);
    await expect(store.manifest(sha256('recipe'))).rejects.toMatchObject({
      name: 'HafError',
      what: expect.stringContaining(path) as string,
    });
  });

  it('says that a file is damaged also when another process set it aside first', async () => {
    const file = await store.write('a', bytes('content'));
    await store.commit(manifest([file]));
    rmSync(store.open(manifest([file])).path('a'));
    expect(() => new FileStore(root).open(manifest([file])).bytes('a')).toThrowError(
      expect.objectContaining({ code: 'HAF_STORE_CORRUPT' }) as Error,
    );
  });

  it('names the artifact and the file that does not fit the schema of its reader', async () => {
    const files = [await store.write('a.json', bytes('{"x":"1"}')), await store.write('b.json', bytes('{'))];
    for (const { name } of files)
      expect(() => store.open(manifest(files)).json(name, z.object({ x: z.number() }))).toThrowError(
        expect.objectContaining({
          name: 'HafError',
          context: expect.objectContaining({ key: 'split', file: name }) as object,
        }) as Error,
      );
  });

  it('keeps the latest checkpoint of an artifact until it is dropped', async () => {
    const id = sha256('recipe');
    expect(await store.checkpoint(id)).toBeNull();
    await store.dropCheckpoint(id);
    await store.saveCheckpoint(id, bytes('epoch 10'));
    await store.saveCheckpoint(id, bytes('epoch 20'));
    expect(await new FileStore(root).checkpoint(id)).toEqual(Buffer.from('epoch 20'));
    expect(filesBelow(root)).toEqual([id]);
    await store.dropCheckpoint(id);
    expect(await store.checkpoint(id)).toBeNull();
  });

  it('sweeps temporary files of dead processes, not young ones', async () => {
    await store.write('a', bytes('1'));
    const [old, young] = [join(root, 'tmp', randomUUID()), join(root, 'tmp', randomUUID())];
    for (const path of [old, young]) writeFileSync(path, '');
    utimesSync(old, new Date(0), new Date(0));
    await store.sweep(Date.now());
    expect(readdirSync(join(root, 'tmp')).map((name) => join(root, 'tmp', name))).toEqual([young]);
  });
});
