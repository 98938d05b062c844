import h5wasm from 'h5wasm/node';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faultyHeads } from '../../src/operators/preflight/file-heads.js';
import type { BagFilesOf } from '../../src/operators/preflight/bag-patients.js';
import { scratchFile, scratchPath } from '../support/embed-file.js';

it('files that a run will leave out are known by their first bytes', async () => {
  await h5wasm.ready;
  const path = scratchPath('001.h5');
  const file = new h5wasm.File(path, 'w', { libver: ['latest', 'latest'] });
  file.create_dataset({ name: 'features', data: new Float32Array(8), shape: [1, 8], dtype: '<f' });
  file.close();
  const good = readFileSync(path);
  const leftOpen = Buffer.from(good);
  leftOpen[11] = 1;
  const files = {
    '001.h5': good,
    '002.h5': leftOpen,
    '003.h5': good.subarray(0, -10),
    '004.pt': Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
    '005.npy': Buffer.alloc(0),
  };
  const bags = Object.entries(files).map(([name, bytes]): BagFilesOf => ({
    ...{ modality: 'WSI', kind: 'features', unit: { modality: 'WSI', patient: name.slice(0, 3) } },
    sources: [{ role: 'features', name, path: scratchFile(name, bytes), sha256: '' }],
  }));
  const told = faultyHeads(bags);
  expect(
    told.map(({ file, reason }) => [file, /open for writing|truncated|LFS|empty/.exec(reason)?.[0]]),
  ).toEqual([
    ['002.h5', 'open for writing'],
    ['003.h5', 'truncated'],
    ['004.pt', 'LFS'],
    ['005.npy', 'empty'],
  ]);
  expect(told[0]).toMatchObject({ severity: 'warning', patient: '002', place: 'WSI' });
});
