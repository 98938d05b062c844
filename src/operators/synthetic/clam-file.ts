import { writeHdf5 } from '../features/hdf5-writer.js';

/**
 * Writes a feature file in the format of CLAM (method.md 2.7): `features` [rows, width] float32 and `coords` [rows, 2] int32, level-0
 * pixels.
 * @throws HafError `HAF_DATA_MISSING` if the file cannot be created
 */
export function writeClamFile(
  path: string,
  width: number,
  features: Float32Array,
  coords: Int32Array,
): Promise<void> {
  const rows = features.length / width;
  return writeHdf5(path, 2, (file) => {
    file.create_dataset({ name: 'features', data: features, shape: [rows, width], dtype: '<f' });
    file.create_dataset({ name: 'coords', data: coords, shape: [rows, 2], dtype: '<i' });
  });
}
