import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { isSettled } from '../../src/pipeline/core/file-stamp.js';
import * as hashing from '../../src/pipeline/sources/hash-file.js';
import { nameByContent } from '../../src/pipeline/sources/name-by-content.js';

vi.mock(import('../../src/pipeline/sources/hash-file.js'), { spy: true });

/** Content of a file so large that its hash is remembered. */
const large = (first: string): Buffer => Buffer.concat([Buffer.from(first), Buffer.alloc(2 ** 20, 7)]);

describe('remembered hashes of files', () => {
  let root: string;
  let path: string;
  let hashCache: string;
  const read = (): number => vi.mocked(hashing.hashFile).mock.calls.length;
  const nameOf = async (options: { verify?: boolean } = {}, file = path): Promise<unknown> => {
    vi.mocked(hashing.hashFile).mockClear();
    return (await nameByContent([file], { hashCache, ...options })).get(file);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-hashes-'));
    path = join(root, 'slide.svs');
    hashCache = join(root, 'store', 'source-hashes.json');
    // Only hashes of files that are some seconds old are remembered. So these files are hashed a minute later.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    writeFileSync(path, large('a'));
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(root, { recursive: true });
  });

  it('save reading a file of the same size, times and inode', async () => {
    const name = { sha256: sha256(large('a')) };
    expect([await nameOf(), read()]).toEqual([name, 1]);
    expect([await nameOf(), read()]).toEqual([name, 0]);
  });

  const replacements: readonly (readonly [string, (path: string) => void])[] = [
    ['written anew', (at) => writeFileSync(at, large('b'))],
    [
      'replaced by a rename',
      (at) => {
        writeFileSync(`${at}.new`, large('b'));
        renameSync(`${at}.new`, at);
      },
    ],
    [
      'copied over',
      (at) => {
        writeFileSync(`${at}.new`, large('b'));
        copyFileSync(`${at}.new`, at);
      },
    ],
    [
      'removed and made again',
      (at) => {
        rmSync(at);
        writeFileSync(at, large('b'));
      },
    ],
  ];
  it.each(replacements)(
    'never hold for a file that was %s with the same size and time',
    async (_, replace) => {
      utimesSync(path, 1_700_000_000, 1_700_000_000);
      await nameOf();
      const { size, mtimeMs } = statSync(path);
      replace(path);
      // The new file gets the old times, as with cp -p, rsync -t and touch -r.
      utimesSync(path, 1_700_000_000, 1_700_000_000);
      expect(statSync(path)).toMatchObject({ size, mtimeMs });
      expect(await nameOf()).toEqual({ sha256: sha256(large('b')) });
    },
  );

  it('are not kept of a file changed within the last seconds: the next write may leave its times alone', async () => {
    vi.useRealTimers();
    writeFileSync(path, large('a'));
    await nameOf();
    expect([await nameOf(), read()]).toEqual([{ sha256: sha256(large('a')) }, 1]);
    const stamp = { text: '', bytes: 1, changedMs: 10_000 };
    expect([14_000, 16_000].map((ms) => isSettled(stamp, ms))).toEqual([false, true]);
    // The clock of this machine is behind, so the time of the file's last change is in the future.
    expect(isSettled(stamp, 2_000)).toBe(false);
  });

  it('count for nothing with --verify', async () => {
    await nameOf();
    await nameOf({ verify: true });
    expect(read()).toBe(1);
  });

  it('count for nothing for small files, tables among them', async () => {
    const table = join(root, 'targets.csv');
    writeFileSync(table, 'id,event\n1,0\n');
    await nameOf({}, table);
    expect([await nameOf({}, table), read()]).toEqual([{ sha256: sha256('id,event\n1,0\n') }, 1]);
  });

  it.each(['{', '{"v":1}', '[]', '{"v":2,"files":{"x":["1 2 3 4","no hash"]}}', '{"/a|1|2":"00"}'])(
    'are computed again when the file that keeps them holds %s',
    async (content) => {
      await nameOf();
      writeFileSync(hashCache, content);
      expect([await nameOf(), read()]).toEqual([{ sha256: sha256(large('a')) }, 1]);
      expect(JSON.parse(readFileSync(hashCache, 'utf8'))).toMatchObject({ v: 2 });
    },
  );

  it('are a convenience: a place that cannot be written is no error', async () => {
    writeFileSync(join(root, 'file'), '');
    const there = join(root, 'file', 'hashes.json');
    expect((await nameByContent([path], { hashCache: there })).get(path)).toEqual({
      sha256: sha256(large('a')),
    });
    expect(existsSync(there)).toBe(false);
  });

  it('need a file that stands still: one that grows while it is read is at fault, alone', async () => {
    const other = join(root, 'other.svs');
    writeFileSync(other, 'other');
    const { hashFile } = await vi.importActual<typeof hashing>('../../src/pipeline/sources/hash-file.js');
    let size = 2 ** 20;
    vi.mocked(hashing.hashFile).mockImplementation(async (at) => {
      if (at === path) writeFileSync(path, Buffer.alloc((size += 10)));
      return hashFile(at);
    });
    const names = await nameByContent([path, other], { hashCache });
    vi.mocked(hashing.hashFile).mockReset().mockImplementation(hashFile);
    expect(names.get(path)).toMatchObject({ fault: { code: 'EBUSY' } });
    expect(names.get(other)).toEqual({ sha256: sha256('other') });
  });
});
