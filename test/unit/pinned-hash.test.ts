import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages } from '../../src/backend-setup/npm.js';
import { checkArchive, pinnedWheels, requirePinned } from '../../src/backend-setup/pinned-hash.js';
import { libraryFrom } from '../../src/backend-setup/sources.js';
import { packageOf, defaultVersion } from '../../src/backend-setup/wheel-choice.js';
import { fault } from '../support/fault.js';

describe('what backend install fetches from npm', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'haf-pins-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is refused when one byte differs, with both hashes', async () => {
    const path = join(folder, 'package-1.0.0.tgz');
    writeFileSync(path, 'archive');
    const right = createHash('sha256').update('archive').digest('hex');
    await requirePinned(path, right);
    writeFileSync(path, 'archivf');
    const error = await fault(requirePinned(path, right));
    expect(error.code).toBe('HAF_BACKEND_NOT_BUILT');
    expect(error.what).toContain(right);
    expect(error.what).toContain(createHash('sha256').update('archivf').digest('hex'));
  });

  it('has an exact version and a hash each', () => {
    for (const { spec, sha256 } of Object.values(packages)) {
      expect(spec).toMatch(/@\d+\.\d+\.\d+$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});

describe('an archive of TensorFlow', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'haf-pins-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const told: string[] = [];
  const tell = (step: string): void => void told.push(step);
  const written = (name: string): { path: string; sha256: string } => {
    const path = join(folder, name);
    writeFileSync(path, name);
    return { path, sha256: createHash('sha256').update(name).digest('hex') };
  };
  /** Installs as `--from PATH` does. The file is no archive, so it fails later even if its hash is accepted. */
  const install = (path: string, sha256?: string) => {
    told.length = 0;
    const machine = { platform: 'linux', arch: 'x64', glibc: '2.36', napi: 9, gpu: false } as const;
    const request = { version: defaultVersion, gpu: false, machine, scratch: folder, tell };
    return fault(libraryFrom(path, folder, { ...request, ...(sha256 === undefined ? {} : { sha256 }) }));
  };

  it('of the default version has a hash in this release, and is refused when it differs', async () => {
    for (const [gpu, arch] of [
      [false, 'x64'],
      [true, 'x64'],
      [false, 'arm64'],
    ] as const) {
      const start = `${packageOf(gpu, { arch }).replace('-', '_')}-${defaultVersion}-`;
      const end = arch === 'x64' ? 'x86_64.whl' : 'aarch64.whl';
      const names = [...pinnedWheels.keys()].filter((name) => name.startsWith(start) && name.endsWith(end));
      expect(names).toHaveLength(1);
      const { what } = await install(written(names[0] ?? '').path);
      expect(what).toContain('not the file that this release was tested with');
      expect(told).toEqual([]);
    }
  });

  it.each(['other-1.0.0-py3-none-any.whl', 'libtensorflow.tar.gz'])(
    'of another origin is checked against --sha256, and without it is said to be unchecked: %s',
    async (name) => {
      const { path, sha256 } = written(name);
      expect((await install(path, 'a'.repeat(64))).what).toMatch(
        /not the a{64} of --sha256. Nothing of it was used/,
      );
      expect(told).toEqual([]);
      expect((await install(path, sha256.toUpperCase())).what).not.toContain('SHA-256');
      expect(told.join()).not.toContain('not checked');
      expect((await install(path)).what).not.toContain('SHA-256');
      expect(told).toContain(
        `warning: ${name} is not checked: this release has no hash of it. Its SHA-256 is ${sha256}`,
      );
    },
  );

  it('that pip has fetched is checked like any other', async () => {
    const { path } = written('nvidia_cudnn_cu12-9.0-py3-none-any.whl');
    told.length = 0;
    await checkArchive(path, null, tell);
    expect(told).toEqual([expect.stringContaining('is not checked')]);
  });
});
