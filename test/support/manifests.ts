import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import type { Manifest, StoredFile } from '../../src/pipeline/store/store.js';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A manifest with invented values. `seconds` makes two results of one recipe different. */
export const testManifest = (files: readonly StoredFile[], seconds = 1, recipe = 'recipe'): Manifest => ({
  v: 1,
  id: sha256(recipe),
  key: 'split',
  stage: 'split',
  unit: {},
  codeVersion: '0',
  files: [...files],
  problems: [],
  metrics: {},
  worker: 'w',
  seconds,
  peakRssMiB: 1,
});
