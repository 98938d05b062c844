import * as os from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { backendsFolder } from '../../src/backends/installed.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { makeTemporaryFolder } from '../../src/pipeline/core/temporary-folder.js';
import { homeFolder, userName } from '../../src/pipeline/core/this-user.js';

vi.mock(import('node:os'), async (original) => ({
  ...(await original()),
  homedir: vi.fn(() => {
    throw new Error('uv_os_homedir returned ENOENT');
  }),
  userInfo: vi.fn(() => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  }),
  tmpdir: vi.fn(() => '/nonexistent/4711'),
}));

describe('a user that the system does not know', () => {
  it('has a number for a name, and / for a home', () => {
    expect(userName()).toBe(`uid ${process.getuid?.() ?? 'unknown'}`);
    expect(homeFolder()).toBe('/');
    expect(backendsFolder({})).toBe('/.local/share/haf-pipeline/backends');
    expect(os.homedir).toHaveBeenCalled();
  });

  it('hears which folder for temporary files is not there, and who names it', () => {
    let thrown: unknown;
    try {
      makeTemporaryFolder('haf-');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HafError);
    expect(thrown).toMatchObject({
      code: 'HAF_PATH_UNUSABLE',
      what: expect.stringMatching(/\/nonexistent\/4711 \(ENOENT\).*TMPDIR/) as string,
    });
  });
});
