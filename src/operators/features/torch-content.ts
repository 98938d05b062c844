import type { FeatureContent, FeatureFile } from './feature-reader.js';
import { foreign } from './foreign.js';
import { plainPixels } from './file-notes.js';
import { oneBag } from './one-bag.js';
import { namesSaid } from './self-names.js';
import { coordsName, featuresAmong, shapeOf, type ArrayShape, type StoredArray } from './stored-array.js';
import { tensorArray, TorchTensor, type TorchStorage } from './torch-objects.js';

/** The content of a file of torch.save. */
export interface TorchFile {
  readonly value: unknown;
  /**
   * Returns exactly the bytes of a storage.
   * @throws HafError `HAF_FEATURES_INVALID`
   */
  readonly bytesOf: (storage: TorchStorage) => Uint8Array;
}

const kindOf = (value: unknown): string =>
  value === null ? 'None' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;

/**
 * The bag of a .pt file: a single tensor, as CLAM and TRIDENT write it, or a dictionary of tensors with `features` and `coords`.
 * @throws HafError `HAF_FEATURES_INVALID`
 */
export function torchContent(file: FeatureFile, { value, bytesOf }: TorchFile): FeatureContent {
  if (value instanceof TorchTensor) {
    const notes = { dialect: 'clam-pt', encoder: null, coords: null, mpp: null };
    return oneBag(file, tensorArray('tensor', value, bytesOf), null, notes);
  }
  if (!(value instanceof Map))
    throw foreign(
      `it holds ${kindOf(value)}, neither a tensor nor a dictionary of tensors`,
      'Save the features alone: torch.save(features, path).',
    );
  const arrays = tensorsOf(value, bytesOf);
  const coords = arrays.find(({ name }) => name === coordsName) ?? null;
  const says = namesSaid((name) => [value.get(name)]);
  const notes = { dialect: 'pt', encoder: null, coords: plainPixels, mpp: null, says };
  return oneBag(file, featuresAmong(arrays, file.width), coords, notes);
}

const tensorsOf = (
  value: ReadonlyMap<unknown, unknown>,
  bytesOf: TorchFile['bytesOf'],
): readonly StoredArray[] =>
  [...value].flatMap(([key, tensor]): StoredArray[] =>
    typeof key === 'string' && tensor instanceof TorchTensor ? [tensorArray(key, tensor, bytesOf)] : [],
  );

/** Names and shapes of the tensors in a .pt file. */
export function torchShapes({ value, bytesOf }: TorchFile): readonly ArrayShape[] {
  if (value instanceof TorchTensor) return [shapeOf(tensorArray('features', value, bytesOf))];
  return value instanceof Map ? tensorsOf(value, bytesOf).map(shapeOf) : [];
}
