import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { installOpenSlide } from '../../src/backend-setup/openslide.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haf-install-openslide-'));
  vi.stubEnv('HAF_OPENSLIDE_DIR', join(folder, 'data', 'openslide'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('a damaged wheel of OpenSlide is an error of OpenSlide, and leaves nothing behind', async () => {
  const wheel = join(folder, 'openslide_bin-4.0.1.2-py3-none-any.whl');
  writeFileSync(wheel, 'PK\x03\x04 and no more');
  const install = installOpenSlide({ from: wheel, sha256: null, tell: () => undefined });
  await expect(install).rejects.toMatchObject({
    code: 'HAF_OPENSLIDE_UNAVAILABLE',
    what: expect.stringContaining(wheel) as string,
    fix: 'Download it again.',
  });
  expect(readdirSync(join(folder, 'data'))).toEqual([]);
});

it('a library that does not load is named as the user named it', async () => {
  const library = join(folder, 'libopenslide.so.1');
  writeFileSync(library, 'no library');
  const install = installOpenSlide({ from: library, sha256: null, tell: () => undefined });
  await expect(install).rejects.toMatchObject({
    code: 'HAF_OPENSLIDE_UNAVAILABLE',
    what: expect.stringContaining(`${library} cannot be loaded as OpenSlide`) as string,
  });
  expect(readdirSync(join(folder, 'data'))).toEqual([]);
});
