import h5wasm, { type Dataset } from 'h5wasm/node';
import { HafError } from '../../pipeline/core/errors.js';
import type { IndexedBag } from './bag-index.js';

/** The instances of one image, for other tools. */
export interface FeatureFileContent {
  readonly width: number;
  readonly encoder: string | null;
  readonly bag: IndexedBag;
  /** [rows, width]. */
  readonly values: Float32Array;
  /** [rows, 2] in the unit that the bag names; null when there are none. */
  readonly coords: Float32Array | null;
}

/**
 * Writes a feature file in the layout of CLAM and TRIDENT (method.md 2.7): `features` [rows, width] float32 with the
 * encoder as attribute, and `coords` [rows, 2], level-0 pixels as int64 with `patch_size_level0`, micrometres as float32.
 *
 * @throws HafError HAF_PATH_UNUSABLE when the file cannot be created
 */
export async function writeFeatureFile(path: string, content: FeatureFileContent): Promise<void> {
  await h5wasm.ready;
  const file = new h5wasm.File(path, 'w', { libver: ['earliest', 'latest'] });
  if (file.file_id < 0n)
    throw new HafError('HAF_PATH_UNUSABLE', `${path} cannot be written.`, 'Check the folder and its rights.');
  const { bag, values, coords, width, encoder } = content;
  const dataset = (
    name: string,
    data: Float32Array | BigInt64Array,
    shape: number[],
    dtype: string,
  ): Dataset => file.create_dataset({ name, data, shape, dtype });
  try {
    const features = dataset('features', values, [bag.rows, width], '<f');
    features.create_attribute('name', bag.image);
    if (encoder !== null) features.create_attribute('encoder', encoder);
    if (coords === null || bag.coords === null) return;
    const { unit, side } = bag.coords;
    const placed =
      unit === 'px'
        ? dataset(
            'coords',
            BigInt64Array.from(coords, (x) => BigInt(Math.round(x))),
            [bag.rows, 2],
            '<q',
          )
        : dataset('coords', coords, [bag.rows, 2], '<f');
    placed.create_attribute('name', bag.image);
    placed.create_attribute('unit', unit);
    if (side !== null) placed.create_attribute(unit === 'px' ? 'patch_size_level0' : 'tile_size_um', side);
  } finally {
    file.close();
  }
}
