import * as files from 'node:fs/promises';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nameOnce } from '../../src/pipeline/store/name-once.js';
import { lockRun } from '../../src/pipeline/runs/run-lock.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { bytesOf, testManifest } from '../support/manifests.js';

vi.mock(import('node:fs/promises'), { spy: true });

const without = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK', 'ENOSYS'];

describe.each([null, ...without])('a name given once, where link() answers %s', (code) => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-once-'));
    if (code !== null)
      vi.mocked(files.link).mockRejectedValue(Object.assign(new Error(`${code}: no links`), { code }));
  });
  afterEach(() => {
    vi.mocked(files.link).mockReset();
    rmSync(root, { recursive: true });
  });
  const offer = (text: string): Promise<boolean> => {
    const path = join(root, `tmp-${text}`);
    writeFileSync(path, text);
    return nameOnce(path, join(root, 'target'));
  };

  it('is that of the first; of several at once one succeeds, and its content is whole', async () => {
    const won = await Promise.all(['a', 'b', 'c', 'd'].map(offer));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(readFileSync(join(root, 'target'), 'utf8')).toBe('abcd'[won.indexOf(true)]);
    expect(await offer('e')).toBe(false);
    expect(readdirSync(root).filter((name) => name.endsWith('.claim'))).toEqual([]);
  });

  it('a store keeps its promises: the first commit wins, a replay keeps the earlier manifest', async () => {
    const store = new FileStore(join(root, 'store'));
    const file = await store.write('a', bytesOf('1'));
    const stores = Array.from({ length: 4 }, () => new FileStore(join(root, 'store')));
    const racing = await Promise.all(stores.map((one, n) => one.commit(testManifest([file], n + 1))));
    expect(new Set(racing.map(({ seconds }) => seconds)).size).toBe(1);
    const { id } = racing[0] as (typeof racing)[number];
    await store.commit(testManifest([file], 9), { replace: true });
    expect((await store.manifest(id))?.seconds).toBe(9);
    expect(readdirSync(join(root, 'store', 'tmp'))).toEqual([]);
    expect(readdirSync(join(root, 'store', 'artifacts', id.slice(0, 2))).sort()).toEqual([
      `${id}.1.json`,
      `${id}.json`,
    ]);
  });

  it('a run directory has one holder', async () => {
    const lock = await lockRun(join(root, 'run'), 'run');
    await expect(lockRun(join(root, 'run'), 'run')).rejects.toMatchObject({ code: 'HAF_RUN_BUSY' });
    await lock.release();
    await (await lockRun(join(root, 'run'), 'run')).release();
  });
});

describe('without links', () => {
  it('the claim of a process that died is taken over', async () => {
    const root = mkdtempSync(join(tmpdir(), 'haf-once-'));
    vi.mocked(files.link).mockRejectedValue(Object.assign(new Error('no links'), { code: 'EPERM' }));
    const claim = join(root, 'target.claim');
    writeFileSync(claim, '');
    utimesSync(claim, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
    writeFileSync(join(root, 'tmp'), 'x');
    expect(await nameOnce(join(root, 'tmp'), join(root, 'target'))).toBe(true);
    expect(readdirSync(root)).toEqual(['target']);
    vi.mocked(files.link).mockReset();
    rmSync(root, { recursive: true });
  });
});
