import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { draftBag } from '../../src/operators/survey/bag-draft.js';
import { npyBytes } from '../../src/operators/synthetic/npz-file.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-draft-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a group of files that cannot be used is left with a file and the reason of this file', async () => {
  const array = npyBytes({ shape: [2], data: Float32Array.of(1, 2) });
  writeFileSync(join(folder, 'a.npy'), 'no array');
  writeFileSync(join(folder, 'b.npy'), array.subarray(0, 20));
  writeFileSync(join(folder, 'c.npy'), '');
  const alone = async (file: string): Promise<unknown> =>
    draftBag(folder, { kind: 'features', glob: '*.npy', folder: '', files: [file] }, new Set(['a']), []);
  const files = ['a.npy', 'b.npy', 'c.npy'];
  const all = await draftBag(
    folder,
    { kind: 'features', glob: '*.npy', folder: '', files },
    new Set(['a']),
    [],
  );
  expect(all).toEqual(await alone('c.npy'));
  expect(all).toMatchObject({ left: expect.stringMatching(/^c\.npy: ./) as string });
  expect(await alone('a.npy')).not.toEqual(await alone('b.npy'));
});
