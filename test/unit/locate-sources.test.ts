import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import * as sources from '../../src/pipeline/sources/hash-file.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { locateSources, watchSources } from '../../src/workers/locate-sources.js';

vi.mock(import('../../src/pipeline/sources/hash-file.js'), { spy: true });

describe("the user's files on a worker's machine", () => {
  let orchestrator: string;
  let data: string;
  let store: FileStore;
  let source: SourceFile;
  beforeEach(() => {
    const root = mkdtempSync(join(tmpdir(), 'haf-locate-'));
    [orchestrator, data] = [join(root, 'orchestrator'), join(root, 'worker')];
    for (const folder of [orchestrator, data]) mkdirSync(join(folder, 'wsi'), { recursive: true });
    store = new FileStore(join(root, 'store'));
    source = {
      role: 'features',
      name: 'wsi/1.h5',
      path: join(orchestrator, 'wsi/1.h5'),
      sha256: sha256('1'),
    };
    vi.mocked(sources.hashFile).mockClear();
  });
  const share = async (): Promise<void> => {
    const file = join(mkdtempSync(join(tmpdir(), 'haf-share-')), '1.h5');
    writeFileSync(file, '1');
    await store.writeFile('wsi/1.h5', file, sha256('1'));
  };
  const pathOf = async (folder: string | null): Promise<string | undefined> =>
    (await locateSources([source], folder, store))[0]?.path;
  const codeOf = (folder: string | null): Promise<unknown> =>
    locateSources([source], folder, store).catch((error: unknown) => error);

  it('are those below --data, else those at the path of the job, else those of the store', async () => {
    await share();
    expect(await pathOf(data)).toBe(await store.blob(source.sha256));
    writeFileSync(source.path, '1');
    expect([await pathOf(data), await pathOf(null)]).toEqual([source.path, source.path]);
    writeFileSync(join(data, 'wsi/1.h5'), '1');
    expect([await pathOf(data), await pathOf(null)]).toEqual([join(data, 'wsi/1.h5'), source.path]);
  });

  it('keep their name, role and hash', async () => {
    writeFileSync(join(data, 'wsi/1.h5'), '1');
    expect(await locateSources([source], data, store)).toEqual([{ ...source, path: join(data, 'wsi/1.h5') }]);
  });

  it('are refused when the folder of --data holds others, even if the right ones are elsewhere', async () => {
    await share();
    writeFileSync(source.path, '1');
    writeFileSync(join(data, 'wsi/1.h5'), 'other');
    expect(await codeOf(data)).toMatchObject({
      code: 'HAF_DATA_CHANGED',
      what: expect.stringContaining(join(data, 'wsi/1.h5')) as string,
      fix: expect.stringContaining('--data') as string,
    });
  });

  it('are not taken from the path of the job when another file lies there', async () => {
    writeFileSync(source.path, 'another machine, another cohort');
    expect(await codeOf(null)).toMatchObject({ code: 'HAF_DATA_CHANGED' });
    await share();
    expect(await pathOf(null)).toBe(await store.blob(source.sha256));
  });

  it('are named, all of them, with the places looked at and the ways out, when they are nowhere', async () => {
    const other = { ...source, name: 'wsi/2.h5', path: join(orchestrator, 'wsi/2.h5'), sha256: sha256('2') };
    mkdirSync(source.path);
    const error = await locateSources([source, other], data, store).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'HAF_DATA_MISSING',
      fix: expect.stringMatching(/--data DIR.*--share-data/) as string,
      context: { files: ['wsi/1.h5', 'wsi/2.h5'] },
    });
    for (const place of [source.path, other.path, join(data, 'wsi/1.h5'), store.uri])
      expect((error as Error).message).toContain(place);
  });

  it('are refused after the job when one was replaced while it ran, even by one of the same size and time', async () => {
    writeFileSync(source.path, '1');
    const located = await locateSources([source], null, store);
    const assertSame = watchSources(located);
    assertSame();
    const { atime, mtime } = statSync(source.path);
    writeFileSync(`${source.path}.new`, '2');
    utimesSync(`${source.path}.new`, atime, mtime);
    renameSync(`${source.path}.new`, source.path);
    expect(assertSame).toThrow(expect.objectContaining({ code: 'HAF_DATA_CHANGED' }) as Error);
    // A source that no longer exists is accepted, because the job has already read it.
    rmSync(source.path);
    assertSame();
  });

  it('are read once to be hashed, also for the next try of the job, and again when they change', async () => {
    writeFileSync(source.path, '1');
    // The hash of a file that was written a moment ago is not cached: another write could leave its times unchanged.
    expect(await pathOf(orchestrator)).toBe(source.path);
    await pathOf(null);
    expect(sources.hashFile).toHaveBeenCalledTimes(2);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    vi.mocked(sources.hashFile).mockClear();
    await pathOf(orchestrator);
    await pathOf(null);
    expect(sources.hashFile).toHaveBeenCalledTimes(1);
    writeFileSync(source.path, 'edited');
    expect(await codeOf(orchestrator)).toMatchObject({ code: 'HAF_DATA_CHANGED' });
    expect(sources.hashFile).toHaveBeenCalledTimes(2);
    rmSync(source.path);
    expect(await codeOf(orchestrator)).toMatchObject({ code: 'HAF_DATA_MISSING' });
  });
});
