import type { FeatureReader } from './feature-reader.js';
import { beginsHdf5 } from './hdf5-superblock.js';

/** Reads HDF5 files: one slide or core, as CLAM, TRIDENT or STAMP write it, or a whole case (method.md 2.7). */
export const h5Reader: FeatureReader = {
  extensions: ['.h5', '.hdf5'],
  recognises: beginsHdf5,
  // The HDF5 library takes a third of a second to load, so it is loaded only when an HDF5 file is read.
  read: async (file) => (await import('./h5-content.js')).h5Content(file),
  shapes: async (path) => (await import('./h5-content.js')).h5Shapes(path),
};
