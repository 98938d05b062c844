import h5wasm, { type Dataset } from 'h5wasm/node';
import { foreign } from './foreign.js';
import { numberAttribute } from './hdf5-attributes.js';
import { datasetArray } from './hdf5-dataset.js';
import { withHdf5 } from './hdf5-file.js';
import { assertCompleteHdf5 } from './hdf5-superblock.js';
import type { MemoryBudget } from './memory-budget.js';
import { coordsName } from './stored-array.js';

/** The content of a file of tile coordinates of CLAM, TRIDENT or `tile` (method.md 2.7). */
export interface StoredTiles {
  /** Level-0 x and y of each tile, [tiles, 2]. */
  readonly values: Float32Array;
  /** These four numbers are attributes of the dataset `coords`. Null if the file lacks the attribute. */
  readonly patchSize: number | null;
  readonly patchSizeLevel0: number | null;
  readonly patchLevel: number | null;
  readonly tilePx: number | null;
}

/** Attribute of our own coordinate files: the side length of a tile after scaling. CLAM does not have it. */
export const sizeAttribute = 'tile_px';

/** Reads the dataset `coords` of a file with its attributes. @throws HafError `HAF_FEATURES_INVALID` */
export function readStoredTiles(path: string, budget: MemoryBudget): Promise<StoredTiles> {
  assertCompleteHdf5(path);
  return withHdf5(path, (file) => {
    const dataset = file.get(coordsName);
    if (!(dataset instanceof h5wasm.Dataset))
      throw foreign(
        `the file has no dataset "${coordsName}", only ${file.keys().join(', ') || 'nothing'}`,
        'Name a file that CLAM, TRIDENT or "haf-pipeline tile" wrote.',
      );
    const array = datasetArray(dataset, coordsName);
    const { shape } = array;
    if (shape.length !== 2 || shape[1] !== 2)
      throw foreign(`their shape is [${shape.join(', ')}], not [tiles, 2]`, 'Write x and y of each tile.');
    budget.take(shape, coordsName);
    return {
      values: shape[0] === 0 ? new Float32Array(0) : array.read(),
      patchSize: numberAttribute(dataset, 'patch_size'),
      patchSizeLevel0: numberAttribute(dataset, 'patch_size_level0'),
      patchLevel: levelOf(dataset),
      tilePx: numberAttribute(dataset, sizeAttribute),
    };
  });
}

/** The attribute `patch_level`. `numberAttribute` returns null for 0, so null of a present attribute means level 0. */
const levelOf = (dataset: Dataset): number | null =>
  Object.hasOwn(dataset.attrs, 'patch_level') ? (numberAttribute(dataset, 'patch_level') ?? 0) : null;
