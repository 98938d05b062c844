import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { pathWithin, staysWithin } from '../../src/pipeline/core/path-within.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { manifestKey } from '../../src/pipeline/store/layout.js';
import { openStore } from '../../src/pipeline/store/open-store.js';
import { markerFile } from '../../src/pipeline/store/store-folder.js';
import { bytesOf, testManifest } from '../support/manifests.js';

const day = 24 * 3600_000;

describe('the folder of a store', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-folder-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  /** Puts a file two days old into the folder. */
  const put = (name: string, text = ''): string => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, Date.now() / 1000 - 2 * 86_400, Date.now() / 1000 - 2 * 86_400);
    return path;
  };
  const sweep = (): Promise<void> => new FileStore(root).sweep(Date.now());

  const foreign: readonly (readonly [string, string])[] = [
    ['a tmp of somebody', 'tmp/thesis.txt'],
    ['a tmp with the name of a temporary file', `tmp/${randomUUID()}`],
    ['a subfolder in tmp', 'tmp/sub/x'],
    ['documents', 'letter.odt'],
    ['a folder that is called as a part of a store', 'blobs/holiday/1.jpg'],
    ['artifacts of something else', 'artifacts/build.zip'],
  ];
  it.each(foreign)('is refused when it holds %s, and nothing in it is touched', async (_, name) => {
    const path = put(name, 'mine');
    const refusal = expect.objectContaining({
      code: 'HAF_PATH_UNUSABLE',
      fix: expect.stringContaining('--store') as string,
    }) as Error;
    await expect(sweep()).rejects.toEqual(refusal);
    await expect(openStore(root)).rejects.toEqual(refusal);
    await expect(new FileStore(root).write('a', bytesOf('x'))).rejects.toEqual(refusal);
    await expect(new FileStore(root).saveCheckpoint('00', bytesOf('x'))).rejects.toEqual(refusal);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(existsSync(join(root, markerFile))).toBe(false);
  });

  it('is made for its owner alone, with its parents, and marked', async () => {
    const store = join(root, 'a', 'b');
    await new FileStore(store).write('a', bytesOf('x'));
    expect([statSync(join(root, 'a')).mode & 0o777, statSync(store).mode & 0o777]).toEqual([0o700, 0o700]);
    expect(readdirSync(store).sort()).toEqual(['blobs', markerFile, 'tmp']);
  });

  it('keeps its rights when it was there, empty', async () => {
    const store = join(root, 'shared');
    mkdirSync(store, { mode: 0o755 });
    await new FileStore(store).sweep(Date.now());
    expect(statSync(store).mode & 0o777).toBe(0o755);
  });

  it('of a version without a marker is known by its layout, and gets one', async () => {
    const store = new FileStore(root);
    const manifest = testManifest([await store.write('a', bytesOf('x'))]);
    await store.commit(manifest);
    rmSync(join(root, markerFile));
    await openStore(root);
    await sweep();
    expect(existsSync(join(root, markerFile))).toBe(true);
    expect(await new FileStore(root).manifest(manifest.id)).toEqual(manifest);
  });

  it('is swept of old files that a store itself has named, and of nothing else', async () => {
    await sweep();
    const [old, other] = [put(`tmp/${randomUUID()}`), put('tmp/notes.txt')];
    mkdirSync(join(root, 'tmp', randomUUID()));
    const young = join(root, 'tmp', randomUUID());
    writeFileSync(young, '');
    await sweep();
    expect([old, other, young].map((path) => existsSync(path))).toEqual([false, true, true]);
    expect(readdirSync(join(root, 'tmp'))).toHaveLength(3);
  });

  it('does not follow a tmp that leads elsewhere', async () => {
    await sweep();
    const elsewhere = put(`outside/${randomUUID()}`);
    const store = join(root, 'store');
    await new FileStore(store).sweep(Date.now());
    symlinkSync(dirname(elsewhere), join(store, 'tmp'));
    await new FileStore(store).sweep(Date.now() + day);
    expect(existsSync(elsewhere)).toBe(true);
  });
});

describe('names that come from stored results', () => {
  const leading = [
    '../x',
    'a/../../x',
    '/etc/x',
    '..',
    '.',
    '',
    'a//b',
    'C:\\x',
    '..\\x',
    'a\\..\\x',
    'a\u0000b',
  ];

  it('stay in their folder', () => {
    expect(leading.filter(staysWithin)).toEqual([]);
    for (const name of ['summary.json', 'figures/a.svg', 'WSI-12 b.png', '..x', 'a..b/c'])
      expect(pathWithin('/r', name)).toBe(join('/r', name));
  });

  it.each(leading)('%j in a manifest makes its artifact absent', async (name) => {
    const root = mkdtempSync(join(tmpdir(), 'haf-names-'));
    const store = new FileStore(root);
    const file = await store.write('a', bytesOf('x'));
    const manifest = testManifest([file]);
    await store.commit(manifest);
    const path = join(root, manifestKey(manifest.id));
    writeFileSync(path, JSON.stringify({ ...manifest, files: [{ ...file, name }] }));
    expect(await store.manifest(manifest.id)).toBeNull();
    // The artifact can be stored again.
    expect(await store.commit(manifest)).toEqual(manifest);
    rmSync(root, { recursive: true });
  });

  it('a manifest under the id of another makes no artifact', async () => {
    const root = mkdtempSync(join(tmpdir(), 'haf-names-'));
    const store = new FileStore(root);
    const manifest = testManifest([await store.write('a', bytesOf('x'))]);
    await store.commit(manifest);
    const other = sha256('another recipe');
    mkdirSync(dirname(join(root, manifestKey(other))), { recursive: true });
    writeFileSync(join(root, manifestKey(other)), JSON.stringify(manifest));
    expect(await store.manifest(other)).toBeNull();
    expect(await store.manifest(manifest.id)).toEqual(manifest);
    rmSync(root, { recursive: true });
  });

  it('never lead out of a run directory, wherever in an artifact they stand', () => {
    const runs = mkdtempSync(join(tmpdir(), 'haf-names-'));
    const directory = new RunDirectory(runs, 'r');
    expect(() => directory.write('folds/0/../../../x.json', '{}')).toThrow(
      expect.objectContaining({ code: 'HAF_STORE_CORRUPT' }) as Error,
    );
    expect(readdirSync(runs)).toEqual([]);
    rmSync(runs, { recursive: true });
  });
});
