import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { FeatureReader } from './feature-reader.js';
import type { MemoryBudget } from './memory-budget.js';
import { npyMagic, openNpy } from './npy.js';
import { oneBag } from './one-bag.js';
import { shapeOf } from './stored-array.js';

/** NumPy files with one array per slide or core: [rows, width], or [width] for one instance. */
export const npyReader: FeatureReader = {
  extensions: ['.npy'],
  recognises: (head) => npyMagic.every((byte, i) => head[i] === byte),
  read: (file) =>
    Promise.resolve().then(() =>
      oneBag(file, openNpy(bytesOf(file.path, file.budget), 'array'), null, {
        dialect: 'npy',
        encoder: null,
        coords: null,
        mpp: null,
      }),
    ),
  shapes: (path, budget) =>
    Promise.resolve().then(() => [shapeOf(openNpy(bytesOf(path, budget), 'features'))]),
};

function bytesOf(path: string, budget: MemoryBudget): Uint8Array {
  budget.assertFits(statSync(path).size, basename(path));
  return readFileSync(path);
}
