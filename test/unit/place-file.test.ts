import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeWritable, placeFile } from '../../src/pipeline/cli/place-file.js';

describe('files for the user', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-place-'));
  });

  it('are there whole', async () => {
    await placeFile(join(folder, 'deeper', 'a.h5'), (path) => writeFileSync(path, 'abc'));
    expect(readFileSync(join(folder, 'deeper', 'a.h5'), 'utf8')).toBe('abc');
    expect(readdirSync(join(folder, 'deeper'))).toEqual(['a.h5']);
  });

  it('leave nothing behind when they cannot be written, and are named in the error', async () => {
    mkdirSync(join(folder, 'a.h5'));
    const placed = placeFile(join(folder, 'a.h5'), (path) => writeFileSync(path, 'abc'));
    await expect(placed).rejects.toMatchObject({
      path: join(folder, 'a.h5'),
    });
    const torn = placeFile(join(folder, 'b.h5'), (path) => {
      writeFileSync(path, 'half');
      throw new Error('disk full');
    });
    await expect(torn).rejects.toThrowError('disk full');
    expect(readdirSync(folder)).toEqual(['a.h5']);
  });
});

describe('the folder for them', () => {
  it('is made with its parents, and may be there', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'haf-place-')), 'a', 'b');
    makeWritable(folder);
    makeWritable(folder);
    expect(existsSync(folder)).toBe(true);
  });

  it('is refused where there is a file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'haf-place-')), 'file');
    writeFileSync(file, '');
    expect(() => makeWritable(file)).toThrowError(/ENOTDIR/);
    expect(() => makeWritable(join(file, 'out'))).toThrowError(/ENOTDIR/);
  });

  it.runIf(process.platform === 'linux')('is refused, at once, where none can be made', () => {
    expect(() => makeWritable('/proc/haf/out')).toThrowError(/ENOENT|EACCES/);
  });
});
