import type { Dataset } from 'h5wasm/node';
import type { IndexedBag } from './bag-index.js';
import { writeHdf5 } from './hdf5-writer.js';

/** The instances of one image, for other tools. */
export interface FeatureFileContent {
  readonly width: number;
  readonly encoder: string | null;
  readonly bag: IndexedBag;
  /** The instances, [rows, width]. */
  readonly values: Float32Array;
  /** The coordinates of the instances, [rows, 2], in the unit of the bag. Null if there are none. */
  readonly coords: Float32Array | null;
}

/**
 * Writes a feature file in the format of CLAM and TRIDENT (method.md 2.7): `features` [rows, width] float32 with the
 * encoder and `mpp` as attributes, and `coords` [rows, 2]: level-0 pixels as int64 with `patch_size_level0`, or
 * micrometres as float32 with `tile_size_um`.
 *
 * @throws HafError HAF_DATA_MISSING if the file cannot be created
 */
export const writeFeatureFile = (path: string, content: FeatureFileContent): Promise<void> => {
  const { bag, values, coords, width, encoder } = content;
  const placed = coords === null || bag.coords === null ? null : { ...bag.coords, values: coords };
  return writeHdf5(path, placed === null ? 1 : 2, (file) => {
    const dataset = (
      name: string,
      data: Float32Array | BigInt64Array,
      columns: number,
      dtype: string,
    ): Dataset => file.create_dataset({ name, data, shape: [bag.rows, columns], dtype });
    const features = dataset('features', values, width, '<f');
    features.create_attribute('name', bag.image);
    if (encoder !== null) features.create_attribute('encoder', encoder);
    if (bag.mpp !== null) features.create_attribute('mpp', bag.mpp);
    if (placed === null) return;
    const corners =
      placed.unit === 'px'
        ? dataset(
            'coords',
            BigInt64Array.from(placed.values, (x) => BigInt(Math.round(x))),
            2,
            '<q',
          )
        : dataset('coords', placed.values, 2, '<f');
    corners.create_attribute('unit', placed.unit);
    if (placed.side !== null)
      corners.create_attribute(placed.unit === 'px' ? 'patch_size_level0' : 'tile_size_um', placed.side);
  });
};
