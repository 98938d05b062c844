import { readFileSync } from 'node:fs';
import type { FeatureReader } from './feature-reader.js';
import { npyMagic, openNpy } from './npy.js';
import { oneBag } from './one-bag.js';
import { shapeOf } from './stored-array.js';

/** A NumPy array per slide or core: [rows, width], or [width] for one instance. */
export const npyReader: FeatureReader = {
  extensions: ['.npy'],
  recognises: (head) => npyMagic.every((byte, i) => head[i] === byte),
  read: (file) =>
    Promise.resolve().then(() =>
      oneBag(file, openNpy(readFileSync(file.path), 'array'), null, {
        dialect: 'npy',
        encoder: null,
        coords: null,
        mpp: null,
      }),
    ),
  shapes: (path) => Promise.resolve().then(() => [shapeOf(openNpy(readFileSync(path), 'features'))]),
};
