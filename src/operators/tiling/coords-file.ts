import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../../pipeline/core/temporary-folder.js';
import { writeHdf5 } from '../features/hdf5-writer.js';
import type { SlideLevel } from '../slides/slide-reader.js';
import { sizeAttribute } from '../features/stored-tiles.js';
import { axisDownsamples } from './segmentation-level.js';
import { clamCoordsFile, type TileGeometry } from './tiles-data.js';

export interface CoordsOf {
  /** Stem of the slide's name. */
  readonly name: string;
  readonly levels: readonly SlideLevel[];
  readonly magnification: number | null;
  /** Micrometres per level-0 pixel. */
  readonly mpp: number | null;
  readonly geometry: TileGeometry;
  /** Upper left corners of the tiles in level-0 pixels, [tiles, 2]. */
  readonly coords: Int32Array;
}

type Attribute = readonly [name: string, data: number | string | readonly number[], type: '<q' | '<d' | null];

/** The attributes that CLAM writes with the coordinates. CLAM reads `patch_size` pixels of `patch_level`. */
function clamAttributes({
  name,
  levels,
  geometry: { readPx, sizePx, level },
}: CoordsOf): readonly Attribute[] {
  const [base, at] = [levels[0] as SlideLevel, levels[level] as SlideLevel];
  return [
    ['patch_size', readPx, '<q'],
    ['patch_level', level, '<q'],
    ['downsample', axisDownsamples(levels, level), '<d'],
    ['downsampled_level_dim', [at.width, at.height], '<q'],
    ['level_dim', [at.width, at.height], '<q'],
    ['name', name, null],
    // CLAM writes the path of its output folder into this attribute. With a path of this machine, equal tiles would
    // give different files. So the path is replaced by ".".
    ['save_path', '.', null],
    [sizeAttribute, sizePx, '<q'],
    ['level0_width', base.width, '<q'],
    ['level0_height', base.height, '<q'],
  ];
}

const magnificationText = (value: number): Attribute[2] => (Number.isInteger(value) ? '<q' : '<d');

/**
 * The attributes that TRIDENT reads in addition: `patch_size` pixels at `target_magnification` are `patch_size_level0`
 * pixels of the slide. If the slide states no magnification, it is computed from the resolution (0.25 um is 40x). If
 * the slide states neither, the magnifications are left out. TRIDENT then cannot read the file, which is better than
 * reading it wrongly.
 */
function tridentAttributes({ levels, magnification, mpp, geometry }: CoordsOf): readonly Attribute[] {
  const overlap =
    Math.max(0, geometry.level0Px - geometry.stepLevel0Px) * (geometry.readPx / geometry.level0Px);
  const extent: readonly Attribute[] = [
    ['patch_size_level0', geometry.level0Px, '<q'],
    ['overlap', Math.round(overlap), '<q'],
  ];
  const level0 = magnification ?? (mpp === null ? null : Math.round(10 / mpp));
  if (level0 === null) return extent;
  const target = level0 / (levels[geometry.level] as SlideLevel).downsample;
  return [
    ...extent,
    ['level0_magnification', level0, magnificationText(level0)],
    ['target_magnification', target, magnificationText(target)],
  ];
}

/**
 * The coordinates of a slide in the format of CLAM, which TRIDENT and h5py also read (method.md 2.7): `coords`
 * [tiles, 2] int64 with attributes, and `mpp` [tiles] float32, the true micrometres per pixel of each tile (NaN if
 * unknown).
 */
export async function coordsFile(of: CoordsOf): Promise<Uint8Array> {
  const rows = of.coords.length / 2;
  const folder = makeTemporaryFolder('haf-coords-');
  const path = join(folder, clamCoordsFile(0));
  try {
    await writeHdf5(path, 2, (file) => {
      const coords = file.create_dataset({
        name: 'coords',
        data: BigInt64Array.from(of.coords, BigInt),
        shape: [rows, 2],
        dtype: '<q',
        maxshape: [null, 2],
        chunks: [1, 2],
      });
      for (const [name, data, type] of [...clamAttributes(of), ...tridentAttributes(of)])
        coords.create_attribute(
          name,
          typeof data === 'object' ? [...data] : data,
          typeof data === 'object' ? [data.length] : [],
          type,
        );
      const mpp = new Float32Array(rows).fill(of.geometry.mpp ?? NaN);
      file.create_dataset({ name: 'mpp', data: mpp, shape: [rows], dtype: '<f' });
    });
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
