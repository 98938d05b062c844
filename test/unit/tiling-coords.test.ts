import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coordsFile, type CoordsOf } from '../../src/operators/tiling/coords-file.js';
import { pythonWith, runPython } from '../support/python-with.js';

const python = pythonWith('h5py', 'numpy');

const of = (changes: Partial<CoordsOf> = {}): CoordsOf => ({
  name: 'PrimaryTumor_HE_003',
  levels: [
    { width: 40_000, height: 30_000, downsample: 1 },
    { width: 10_000, height: 7500, downsample: 4 },
  ],
  magnification: 40,
  mpp: 0.25,
  geometry: { sizePx: 256, level: 1, readPx: 128, level0Px: 512, stepLevel0Px: 256, mpp: 0.5 },
  coords: Int32Array.of(0, 256, 70_000, 3),
  ...changes,
});

const script = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as f:
    coords, mpp = f['coords'], f['mpp']
    plain = lambda v: v.tolist() if hasattr(v, 'tolist') else v
    print(json.dumps({
        'coords': coords[:].tolist(), 'type': str(coords.dtype), 'chunks': coords.chunks, 'maxshape': coords.maxshape,
        'shape': coords.shape, 'mpp': [str(v) for v in mpp[:]], 'mppType': str(mpp.dtype),
        'attributes': {k: plain(v) for k, v in coords.attrs.items()}}))
`;

async function readBack(input: CoordsOf): Promise<Record<string, unknown>> {
  const path = join(mkdtempSync(join(tmpdir(), 'haf-coords-')), 'coords.h5');
  writeFileSync(path, await coordsFile(input));
  return JSON.parse(runPython(python as string, ['-c', script, path])) as Record<string, unknown>;
}

it('equal tiles give equal bytes, other tiles do not', async () => {
  const bytes = await coordsFile(of());
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await coordsFile(of())).toEqual(bytes);
  expect(await coordsFile(of({ coords: Int32Array.of(0, 256, 70_000, 4) }))).not.toEqual(bytes);
});

describe.skipIf(python === null)('h5py reads', () => {
  it('what CLAM and TRIDENT look for', async () => {
    expect(await readBack(of())).toEqual({
      coords: [
        [0, 256],
        [70_000, 3],
      ],
      type: 'int64',
      chunks: [1, 2],
      maxshape: [null, 2],
      shape: [2, 2],
      mpp: ['0.5', '0.5'],
      mppType: 'float32',
      attributes: {
        patch_size: 128,
        patch_level: 1,
        downsample: [4, 4],
        downsampled_level_dim: [10_000, 7500],
        level_dim: [10_000, 7500],
        name: 'PrimaryTumor_HE_003',
        save_path: '.',
        tile_px: of().geometry.sizePx,
        patch_size_level0: 512,
        level0_magnification: 40,
        target_magnification: 10,
        overlap: 64,
        level0_width: 40_000,
        level0_height: 30_000,
      },
    });
  });

  it('no rows of an empty slide', async () => {
    const { shape, mpp } = await readBack(of({ coords: new Int32Array() }));
    expect([shape, mpp]).toEqual([[0, 2], []]);
  });

  it('a magnification that follows from the resolution, or none', async () => {
    const attributes = async (mpp: number | null): Promise<unknown> =>
      (await readBack(of({ magnification: null, mpp }))).attributes;
    expect(await attributes(0.5)).toMatchObject({ level0_magnification: 20, target_magnification: 5 });
    expect(await attributes(null)).not.toHaveProperty('level0_magnification');
  });
});
