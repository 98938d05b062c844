import {
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResultFolder } from '../../src/pipeline/cli/result-folder.js';

describe('the folder of -o', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-result-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const refused = (what: RegExp) => ({ code: 'HAF_USAGE', what: expect.stringMatching(what) as string });
  const place = (text: string, { inputs = [] as string[], force = false } = {}): Promise<void> =>
    new ResultFolder(folder, inputs, force).placeBytes('a.h5', Buffer.from(text));
  const content = (): string => readFileSync(join(folder, 'a.h5'), 'utf8');

  it('keeps what lies there with other content, and leaves nothing beside it', async () => {
    writeFileSync(join(folder, 'a.h5'), 'earlier');
    await expect(place('new')).rejects.toMatchObject(refused(/a\.h5 exists and has other content/));
    expect(content()).toBe('earlier');
    expect(readdirSync(folder)).toEqual(['a.h5']);
  });

  it('may hold the same result already, so that a command can be repeated', async () => {
    await place('same');
    await place('same');
    expect(content()).toBe('same');
  });

  it('is written anew on demand', async () => {
    writeFileSync(join(folder, 'a.h5'), 'earlier');
    await place('new', { force: true });
    expect(content()).toBe('new');
  });

  it.each([
    ['itself', (path: string) => path],
    ['by a symbolic link', (path: string) => (symlinkSync(path, `${path}.link`), `${path}.link`)],
    ['by a hard link', (path: string) => (linkSync(path, `${path}.link`), `${path}.link`)],
  ])('never replaces an input, %s', async (_, named) => {
    writeFileSync(join(folder, 'a.h5'), 'input');
    const inputs = [named(join(folder, 'a.h5'))];
    await expect(place('new', { inputs, force: true })).rejects.toMatchObject(refused(/is an input/));
    expect(content()).toBe('input');
  });

  it('is refused before any work when inputs of that ending lie in it', () => {
    const input = join(folder, 'A_002.h5');
    writeFileSync(input, '');
    const results = (inputs: readonly string[]): ResultFolder =>
      new ResultFolder(`${folder}/.`, inputs, true);
    expect(() => results([input]).assertApart('.h5')).toThrow(/is the folder of .*A_002\.h5/);
    expect(() => results([join(folder, 'A.svs')]).assertApart('.h5')).not.toThrow();
  });
});
